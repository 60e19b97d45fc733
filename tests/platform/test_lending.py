"""Allocators that lend: calls keep their functions' own configuration reserved and lend one another the rest."""

import pytest

from faaslab.errors import InputError
from faaslab.functions import Function
from faaslab.model.policies import Allocation
from faaslab.platform import Platform, simulate
from faaslab.policies import FixedWindow
from faaslab.workload.workload import Workload

MB = 128.0


class Lender:
    """Gives calls of `lender` one core and 64 MB; those of `borrower` the given allocation while a lender runs."""

    period_s = None
    lends = True

    def __init__(self, allocation=None):
        self.allocation = allocation

    def reset(self, seed):
        self.running = {}

    def allocate(self, call, invoker, now_s):
        self.running[call] = None
        return Allocation(1.0, MB / 2) if call.function.name == "lender" else self.allocation

    def on_end(self, call, now_s):
        del self.running[call]
        if call.function.name != "lender":
            return []
        return [(other, Allocation(2.0, MB)) for other in self.running]


class Keeper(Lender):
    """Forgets to take loans back."""

    def on_end(self, call, now_s):
        return []


class Chooser(Lender):
    def choose(self, call, platform):
        return Allocation(1.0, MB)


def run(allocator, arrivals, cores=8.0):
    def speed(cpu, memory_mb):
        return cpu / 2

    functions = (
        Function("lender", 4.0, memory_mb=MB, cpu=4.0, speed=lambda cpu, memory_mb: 1.0),
        Function("borrower", 8.0, memory_mb=MB, cpu=2.0, speed=speed),
    )
    platform = Platform(FixedWindow(60.0), 1, 4 * MB, invoker_cpu=cores, allocator=allocator)
    result = simulate(platform, Workload(functions, arrivals), seed=1, duration_s=60.0, drain=True)
    return result, (result.calls["end_ns"] / 1e9).tolist()


def test_what_is_lent_speeds_up_until_the_source_ends():
    result, ends_s = run(Lender(Allocation(4.0, MB)), {"lender": [0.0], "borrower": [1.0]})
    assert ends_s == pytest.approx([4.0, 6.0])  # 3 s at twice the speed, then 2 s
    assert result.calls["cpu"].tolist() == [1.0, 4.0]
    assert len(result.resizes["time_ns"]) == 0  # containers keep what is reserved for them


def test_none_is_the_functions_own():
    assert run(Lender(None), {"lender": [], "borrower": [1.0]})[1] == pytest.approx([9.0])


def test_what_is_lent_is_not_free_for_new_calls():
    assert run(Lender(None), {"lender": [0.0, 0.0], "borrower": []}, cores=6.0)[1] == pytest.approx([4.0, 8.0])


@pytest.mark.parametrize("allocation", [Allocation(5.5, MB), Allocation(2.0, 1.6 * MB)])
def test_more_than_is_reserved_is_an_error(allocation):
    with pytest.raises(InputError, match="no more than they have reserved"):
        run(Lender(allocation), {"lender": [0.0], "borrower": [1.0]})


def test_a_loan_that_outlives_its_source_is_an_error():
    with pytest.raises(InputError, match="no more than they have reserved"):
        run(Keeper(Allocation(4.0, MB)), {"lender": [0.0], "borrower": [1.0]})


def test_who_lends_does_not_choose():
    with pytest.raises(InputError, match="expected None"):
        run(Chooser(None), {"borrower": [1.0]})
