"""The harvest pool: cases by hand, and rules that hold whatever happens."""

import math

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from faaslab.errors import InputError
from faaslab.harvest.libra.pool import HarvestPool


def test_the_longest_lived_volume_goes_first():
    pool = HarvestPool()
    pool.put("short", 3, 10.0)
    pool.put("long", 2, 30.0)
    pool.put("middle", 4, 20.0)
    assert pool.get("borrower", 5, 0.0) == 5
    assert {name: entry.loans for name, entry in pool.entries.items()} == {
        "short": {},
        "long": {"borrower": 2},
        "middle": {"borrower": 3},
    }
    assert pool.lendable(0.0) == 4 and pool.lent == 5


def test_it_lends_as_far_as_it_goes():
    pool = HarvestPool()
    assert pool.get("early", 1, 0.0) == 0
    pool.put("source", 2, 10.0)
    assert pool.get("first", 5, 0.0) == 2
    assert pool.get("second", 1, 0.0) == 0


def test_nothing_is_lent_from_the_expiry_on():
    pool = HarvestPool()
    pool.put("source", 2, 10.0)
    assert pool.get("just before", 1, 9.999) == 1
    assert pool.lendable(10.0) == 0
    assert pool.get("too late", 1, 10.0) == 0


def test_what_a_borrower_leaves_is_lent_again_with_the_old_expiry():
    pool = HarvestPool()
    pool.put("source", 3, 10.0)
    pool.get("first", 3, 0.0)
    assert pool.give_back("first") == 3
    assert pool.get("second", 1, 9.0) == 1
    pool.give_back("second")
    assert pool.get("third", 1, 10.0) == 0


def test_a_source_takes_its_loans_back():
    pool = HarvestPool()
    pool.put("a", 2, 10.0)
    pool.put("b", 2, 20.0)
    pool.get("x", 3, 0.0)
    pool.get("y", 1, 0.0)
    assert pool.withdraw("a") == {"x": 1, "y": 1}
    assert pool.withdraw("a") == {}
    assert pool.give_back("x") == 2 and pool.give_back("y") == 0


def test_bad_input():
    pool = HarvestPool()
    pool.put("a", 1, 1.0)
    with pytest.raises(InputError, match="each source once"):
        pool.put("a", 1, 1.0)
    with pytest.raises(InputError, match="volume"):
        pool.put("b", 0, 1.0)
    with pytest.raises(InputError, match="expires_s"):
        pool.put("b", 1, math.nan)
    with pytest.raises(InputError, match="no source"):
        pool.get("a", 1, 0.0)


class PoolMachine(RuleBasedStateMachine):
    """Sources 0 to 4 and borrowers 5 to 9 come and go; a second book is kept beside the pool's."""

    def __init__(self):
        super().__init__()
        self.pool = HarvestPool()
        self.now_s = 0.0
        self.volumes, self.expiries, self.loans = {}, {}, {}

    @rule(source=st.integers(0, 4), volume=st.integers(1, 7), lasts_s=st.integers(0, 20))
    def put(self, source, volume, lasts_s):
        if source in self.volumes:
            with pytest.raises(InputError):
                self.pool.put(source, volume, self.now_s)
            return
        self.pool.put(source, volume, self.now_s + lasts_s)
        self.volumes[source], self.expiries[source] = volume, self.now_s + lasts_s

    @rule(seconds=st.integers(1, 5))
    def wait(self, seconds):
        self.now_s += seconds

    def free(self, source):
        return self.volumes[source] - sum(n for (s, _), n in self.loans.items() if s == source)

    @rule(borrower=st.integers(5, 9), wanted=st.integers(0, 9))
    def get(self, borrower, wanted):
        before = {source: self.free(source) for source in self.volumes}
        loans = {source: entry.loans.get(borrower, 0) for source, entry in self.pool.entries.items()}
        got = self.pool.get(borrower, wanted, self.now_s)
        living = [source for source in self.volumes if self.expiries[source] > self.now_s]
        assert got == min(wanted, sum(before[source] for source in living))
        for source, entry in self.pool.entries.items():
            new = entry.loans.get(borrower, 0) - loans[source]
            assert new >= 0 and (new == 0 or source in living)
            if new:
                self.loans[source, borrower] = self.loans.get((source, borrower), 0) + new
                longer = [other for other in living if self.expiries[other] > self.expiries[source]]
                assert all(self.pool.entries[other].free == 0 for other in longer)

    @rule(borrower=st.integers(5, 9))
    def give_back(self, borrower):
        own = [key for key in self.loans if key[1] == borrower]
        assert self.pool.give_back(borrower) == sum(self.loans.pop(key) for key in own)

    @precondition(lambda self: self.volumes)
    @rule(source=st.integers(0, 4))
    def withdraw(self, source):
        own = {borrower: self.loans.pop((s, borrower)) for s, borrower in list(self.loans) if s == source}
        assert self.pool.withdraw(source) == own
        self.volumes.pop(source, None)

    @invariant()
    def nothing_is_made_or_lost(self):
        assert self.pool.lent == sum(self.loans.values())
        assert {source: entry.volume for source, entry in self.pool.entries.items()} == self.volumes
        for source, entry in self.pool.entries.items():
            assert 0 <= entry.free == self.free(source)
            assert entry.expires_s == self.expiries[source]


TestPoolMachine = PoolMachine.TestCase
TestPoolMachine.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
