"""Graduated rates: a unit price that falls as the month's quantity grows.

Chapter: What it costs. Each part of the quantity pays the price of the tier it lies in, so the amount is a continuous,
piecewise linear function of the quantity (unlike an all-units discount, which jumps at a bound).
Source: AWS Lambda pricing page, "duration pricing tiers"; Alibaba Function Compute billing overview, CU tiers.
Left out: savings plans, committed use, negotiated discounts.
"""

import math
from dataclasses import dataclass

from faaslab.errors import InputError, number


@dataclass(frozen=True)
class GraduatedRate:
    """Unit prices in USD, each valid up to its bound (quantity a month); the last bound is infinity.

    `bounds` and `prices_usd` have the same length; bounds rise strictly, prices are >= 0.
    """

    bounds: tuple[float, ...]
    prices_usd: tuple[float, ...]

    def __post_init__(self):
        rising = all(a < b for a, b in zip((0.0,) + self.bounds, self.bounds, strict=False))
        if len(self.bounds) != len(self.prices_usd) or not self.bounds or self.bounds[-1] != math.inf or not rising:
            raise InputError(f"tiers: expected rising bounds that end with infinity, one a price, got {self.bounds!r}")
        for price in self.prices_usd:
            number(price, "tiers: price_usd", minimum=0)

    @classmethod
    def flat(cls, price_usd):
        """One price for any quantity."""
        return cls((math.inf,), (price_usd,))

    def split(self, quantity):
        """The parts of `quantity` (>= 0), tier by tier: a list of (part, unit price in USD) without empty parts."""
        quantity = number(quantity, "quantity of a graduated rate", minimum=0)
        parts, start = [], 0.0
        for bound, price in zip(self.bounds, self.prices_usd, strict=True):
            if quantity <= start:
                break
            parts.append((min(quantity, bound) - start, price))
            start = bound
        return parts

    def cost(self, quantity):
        """USD for `quantity` units in one month."""
        return math.fsum(part * price for part, price in self.split(quantity))

    @property
    def first_usd(self):
        """The unit price of the first tier in USD."""
        return self.prices_usd[0]
