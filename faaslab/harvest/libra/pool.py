"""The harvest pool of one resource on one server: who lends how much, to whom, and until when.

A call that needs less than its user configured puts the difference into the pool, with the moment at which it is
expected to end. A call that needs more takes from the pool, the volume that will last longest first, as far as it goes.
A loan ends with its source, and what a borrower leaves is lent again, with its source's old expiry.
Source: Libra (H. Yu et al., HPDC 2023), harvest pool. Left out: fractions of a unit.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field

from faaslab.errors import InputError, number, whole


@dataclass(slots=True)
class Entry:
    """What one source lends: `volume` units, expected to be there until expires_s; `loans` of it, borrower -> units."""

    volume: int
    expires_s: float
    loans: dict[Hashable, int] = field(default_factory=dict)

    @property
    def free(self) -> int:
        """Units that nobody has borrowed."""
        return self.volume - sum(self.loans.values())


class HarvestPool:
    """Volumes in whole units (cores, or units of memory). Sources and borrowers are any keys, such as calls' ids."""

    def __init__(self):
        self.entries: dict[Hashable, Entry] = {}

    def put(self, source: Hashable, volume: int, expires_s: float) -> None:
        """`source` lends `volume` units from now until it ends, which is expected at expires_s."""
        whole(volume, "harvest pool, volume", minimum=1)
        number(expires_s, "harvest pool, expires_s", finite=False)
        if source in self.entries:
            raise InputError(f"harvest pool: expected each source once, got {source!r} twice")
        self.entries[source] = Entry(volume, expires_s)

    def get(self, borrower: Hashable, wanted: int, now_s: float) -> int:
        """Units that `borrower` has got, at most `wanted`; nothing of what was expected to be over by now."""
        taken = 0
        if borrower in self.entries:
            raise InputError(f"harvest pool: expected a borrower that is no source, got {borrower!r}")
        for entry in sorted(self.entries.values(), key=lambda entry: -entry.expires_s):
            if taken >= wanted or entry.expires_s <= now_s:
                break
            part = min(wanted - taken, entry.free)
            if part > 0:
                entry.loans[borrower] = entry.loans.get(borrower, 0) + part
                taken += part
        return taken

    def give_back(self, borrower: Hashable) -> int:
        """The borrower has ended: units that may be lent again, each until its source's expiry."""
        return sum(entry.loans.pop(borrower, 0) for entry in self.entries.values())

    def withdraw(self, source: Hashable) -> dict[Hashable, int]:
        """The source has ended, or needs what it has lent: the loans that are over, borrower -> units."""
        entry = self.entries.pop(source, None)
        return {} if entry is None else entry.loans

    def lendable(self, now_s: float) -> int:
        """Units that could be borrowed now."""
        return sum(entry.free for entry in self.entries.values() if entry.expires_s > now_s)

    @property
    def lent(self) -> int:
        """Units on loan."""
        return sum(entry.volume - entry.free for entry in self.entries.values())
