"""Rules about cpu, allocations, stem cells and limits that a waiting call meets, on cases checked by hand."""

import math

import pytest
from invariants import Watched

from faaslab.durations import Constant
from faaslab.functions import ColdStart, Function, Step
from faaslab.model.policies import Allocation, StemCell
from faaslab.model.result import Cause, Gone, Outcome, Start
from faaslab.platform import Platform
from faaslab.platform.cpu import water_fill
from faaslab.policies import LRU, ConcurrencyLimit, FixedWindow, Hashed, StemCells, StepUp
from faaslab.workload.workload import Workload

NS = 1_000_000_000


def run(platform, functions, arrivals, duration_s=100.0):
    return Watched(platform, Workload(tuple(functions), arrivals), seed=1, duration_s=duration_s).run()


def f(name="f", service_s=1.0, start_s=0.0, **options):
    return Function(name, Constant(service_s), cold_start=ColdStart(code_s=start_s), **options)


def seconds(result, column):
    return [v if v < 0 else v / NS for v in result.calls[column].tolist()]


def outcomes(result):
    return [Outcome(v).name.lower() for v in result.calls["outcome"]]


# --- shared cpu ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("capacity", "weights", "limits", "shares"),
    [
        (4.0, [1, 1], [1, 1], [1, 1]),
        (1.0, [1, 1], [1, 1], [0.5, 0.5]),
        (3.0, [1, 1, 1], [0.5, 2, 2], [0.5, 1.25, 1.25]),
        (3.0, [1, 2], [3, 3], [1, 2]),
        (3.0, [1, 2], [3, 1], [2, 1]),
    ],
)
def test_water_filling(capacity, weights, limits, shares):
    assert water_fill(capacity, weights, limits) == pytest.approx(shares)


def test_sharing_slows_computing_but_not_waiting():
    body = (Step(Constant(2.0)), Step(Constant(2.0), "wait"))
    platform = Platform(LRU(), cpu="shared", invoker_cpu=1.0)
    result = run(platform, [Function("f", body=body), f("g", service_s=1.5)], {"f": [0.0], "g": [0.0]})
    # Half a core each until g's 1.5 are done at 3; f has 0.5 left, done at 3.5, and waits for 2.
    assert seconds(result, "end_ns") == [5.5, 3.0]


def test_a_start_computes_in_the_phases_that_say_so():
    start = ColdStart(allocate_s=1.0, runtime_s=1.0)
    platform = Platform(LRU(), cpu="shared", invoker_cpu=1.0)
    functions = [Function("f", Constant(1.0), cold_start=start), f("g", service_s=4.0)]
    result = run(platform, functions, {"f": [0.0], "g": [0.0]})
    # allocate: 0 to 1 (waiting), runtime: 1 to 3 at half a core, the call: 3 to 5 at half a core.
    assert seconds(result, "begin_ns")[0] == 3.0 and seconds(result, "end_ns")[0] == 5.0
    phases = [result.containers[f"{p}_ns"][0] / NS for p in ("allocate", "runtime", "dependencies", "code")]
    assert phases == [1.0, 2.0, 0.0, 0.0]


def test_a_body_whose_rest_takes_no_time_completes_at_its_limit():
    body = (Step(Constant(2.0)), Step(Constant(0.0), "wait"), Step(Constant(0.0)))
    result = run(Platform(LRU()), [Function("f", body=body, timeout_s=2.0)], {"f": [0.0]})
    assert outcomes(result) == ["completed"]


# --- dedicated cpu ---------------------------------------------------------------------------------------------------


def test_a_call_whose_container_found_no_cpu_starts_where_there_is_some():
    """Both starts end at 1; one core is enough for one call, so that the other starts anew on the second machine."""
    platform = Platform(LRU(), invokers=2, invoker_cpu=1.0)
    result = run(platform, [f(service_s=9.0, start_s=1.0)], {"f": [0.0, 0.0]})
    assert seconds(result, "begin_ns") == [1.0, 2.0]
    assert result.containers["invoker"].tolist() == [0, 0, 1]


def test_early_binding_waits_for_cpu_at_its_own_invoker():
    platform = Platform(LRU(), invokers=2, invoker_cpu=1.0, invoker_memory_mb=1024, binding="early", placement=Hashed())
    result = run(platform, [f(service_s=3.0, start_s=1.0)], {"f": [0.0, 0.0]})
    assert seconds(result, "begin_ns") == [1.0, 4.0] and set(result.containers["invoker"]) <= {0, 1}


# --- allocations -----------------------------------------------------------------------------------------------------


class Half:
    """Gives every call half of its memory."""

    period_s = None

    def reset(self, seed):
        pass

    def allocate(self, call, invoker, now_s):
        return Allocation(call.function.cpu, call.function.memory_mb / 2)


def test_more_cpu_while_it_runs():
    function = f(service_s=4.0, speed=lambda cpu, memory_mb: cpu)
    result = run(Platform(LRU(), allocator=StepUp(after_s=1.0, factor=2.0, period_s=1.0)), [function], {"f": [0.0]})
    assert seconds(result, "end_ns") == [2.5]


def test_memory_given_up_comes_back_with_the_end_of_the_call():
    platform = Platform(LRU(), invoker_memory_mb=256, allocator=Half())
    result = run(platform, [f()], {"f": [0.0]})
    resizes = result.resizes
    assert [(t / NS, mb) for t, mb in zip(resizes["time_ns"], resizes["memory_mb"], strict=True)] == [
        (0.0, 64.0),
        (1.0, 128.0),
    ]


def test_a_container_whose_memory_was_given_to_another_ends():
    platform = Platform(LRU(), invoker_memory_mb=192, allocator=Half())
    result = run(platform, [f("a", service_s=4.0), f("b", service_s=1.0)], {"a": [0.0], "b": [1.0]})
    # a shrinks to 64 MB, b takes 128 MB and shrinks to 64; at 2 b grows back to 128, and at 4 a no longer can.
    assert outcomes(result) == ["completed"] * 2
    assert [Gone(g) for g in result.containers["gone"]] == [Gone.EVICTED, Gone.ALIVE]
    assert result.containers["gone_ns"].tolist() == [4 * NS, -1]


def test_cpu_given_up_while_running_serves_who_waits():
    class Less:
        """All cores at the beginning, one at the first look."""

        period_s = 2.0

        def reset(self, seed):
            pass

        def allocate(self, call, invoker, now_s):
            return None

        def reallocate(self, call, invoker, now_s):
            return Allocation(1.0, call.function.memory_mb)

    platform = Platform(LRU(), invoker_cpu=2.0, allocator=Less())
    result = run(platform, [f("a", service_s=9.0, cpu=2.0), f("b")], {"a": [0.0], "b": [1.0]})
    assert seconds(result, "begin_ns") == [0.0, 2.0]


# --- stem cells ------------------------------------------------------------------------------------------------------


def test_a_stem_cell_passes_dependencies_and_code_and_is_replaced():
    start = ColdStart(1.0, 2.0, 3.0, 4.0)
    function = Function("f", Constant(1.0), cold_start=start)
    platform = Platform(LRU(), starter=StemCells([StemCell("python", 128.0, 1)]))
    result = run(platform, [function], {"f": [0.0, 1.0, 10.0]})
    # The stock at 0; its replacement is ready at 3; so the second call, at 1, starts from scratch (to 11), but the
    # first container is free at 8 and serves it; at 10 the third takes that container again.
    assert [Start(s) for s in result.calls["start"]] == [Start.PREWARMED, Start.WARM, Start.WARM]
    assert seconds(result, "begin_ns") == [7.0, 8.0, 10.0]
    assert [Cause(c) for c in result.containers["cause"]] == [Cause.CALL, Cause.STEM, Cause.CALL]


def test_a_stem_cell_serves_its_runtime_and_memory_size_alone():
    platform = Platform(LRU(), starter=StemCells([StemCell("python", 128.0, 1)]))
    functions = [f("a", start_s=1.0, memory_mb=256.0), f("b", start_s=1.0, runtime="java"), f("c", start_s=1.0)]
    result = run(platform, functions, {"a": [0.0], "b": [0.0], "c": [0.0]})
    assert [Start(s) for s in result.calls["start"]] == [Start.COLD, Start.COLD, Start.PREWARMED]


# --- limits that a waiting call meets --------------------------------------------------------------------------------


def test_a_queued_call_is_served_when_a_time_out_frees_the_only_place():
    functions = [f("a", service_s=9.0, timeout_s=3.0), f("b")]
    platform = Platform(LRU(), invoker_memory_mb=128.0, admission=ConcurrencyLimit(1))
    result = run(platform, functions, {"a": [0.0], "b": [4.0]})
    assert outcomes(result) == ["timed_out", "completed"]
    full = Platform(LRU(), invoker_memory_mb=128.0, admission=ConcurrencyLimit(2))
    waits = run(full, [f("a", service_s=9.0, timeout_s=3.0), f("b"), f("c", memory_mb=64.0)], {"a": [0.0], "b": [1.0]})
    assert outcomes(waits) == ["timed_out", "completed"] and seconds(waits, "begin_ns")[1] == 3.0


def test_a_queued_call_is_let_in_when_a_caller_gives_up():
    """One call at a time. b is queued for want of memory; at 2 the place goes to c, whose caller leaves at 4."""
    functions = [
        f("a", service_s=2.0, memory_mb=128.0),
        f("b", memory_mb=128.0, reserved_concurrency=1),
        f("c", start_s=50.0, memory_mb=64.0, patience_s=2.0, app="x", reserved_concurrency=1),
    ]
    platform = Platform(FixedWindow(math.inf), invoker_memory_mb=192.0, admission=ConcurrencyLimit(None))
    result = run(platform, functions, {"a": [0.0], "b": [1.0, 1.5], "c": [1.0]})
    # Both b's are queued (none counts); at 2 the first begins, the second may not before 3, when the first has ended.
    assert outcomes(result) == ["completed", "completed", "abandoned", "completed"]
    assert seconds(result, "begin_ns") == [0.0, 2.0, -1, 3.0]
