"""What the generators of several topics draw with."""


def one(rng, *values):
    """One of `values`, each equally likely."""
    return values[int(rng.integers(len(values)))]


def unit_price(paid, kind):
    """USD for a unit of the first line of this kind on a bill."""
    return next(line.unit_price_usd for line in paid.lines if line.kind == kind)
