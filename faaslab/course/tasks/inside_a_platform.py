"""Keys of the lab "Inside a platform": everything is computed on the simulator, nothing is typed in.

Chapter "Inside a platform". The other customers' functions are generated (azure_like), so that the lab needs no trace.
Left out: machines of different size, and policies that see more than one machine.
"""

from functools import cache, partial

import numpy as np

from faaslab.course.cases import Case, Cases, Changed, first_difference
from faaslab.course.check import Choice, Deferred, Number
from faaslab.course.lab import Task, problem_task
from faaslab.course.tasks.inside_a_platform_policies import MISTAKES, Oldest, OwnUses
from faaslab.course.words import fill, table
from faaslab.durations import Constant
from faaslab.functions import ColdStart, Function
from faaslab.model.diff import diff
from faaslab.model.result import Start
from faaslab.platform import Platform, simulate
from faaslab.policies import LRU, GreedyDual, Hashed, LeastLoaded
from faaslab.workload import Workload, azure_like, poisson, thumbnails
from faaslab.workload.thumbnails import START, thumbnail_function

SEEDS = (1, 2, 3, 4, 5)
DESIGNS = {"hash-lru": (Hashed, LRU), "hash-greedy-dual": (Hashed, GreedyDual), "least-loaded-lru": (LeastLoaded, LRU)}
MACHINES, SIZES_MB = 4, (1536, 2048)
BEGIN_S, EVENING_S = 19.5 * 3600, 1.5 * 3600
VIRAL_AT_S, VIRAL_FOR_S, VIRAL_RATE = 900.0, 600.0, 22.0
OTHERS = 80


def tasks(seed: int) -> dict[str, Task]:
    """The lab's tasks."""
    return {
        "compare": _compare(seed),
        "lru": problem_task("lru-evictions", seed),
        "policy": _policy(seed),
        "design": _design(seed),
    }


def _words(task):
    return table("labs/inside-a-platform")["task"][task]


# --- a comparison that is to be read -------------------------------------------------------------------------------

SMALL = {"thumbnails": (256, 0.5), "report": (256, 4.0), "mail": (128, 0.5)}  # name -> MB, seconds to start
SMALL_ROOM_MB, SMALL_CALLS = 512, 16


def small_functions() -> tuple:
    """Three functions of different size and start, with calls of 1 s."""
    return tuple(
        Function(name, Constant(1.0), memory_mb=memory_mb, cold_start=ColdStart(code_s=start_s))
        for name, (memory_mb, start_s) in SMALL.items()
    )


@cache
def small_calls(seed: int) -> dict:
    """{name: times in seconds} of sixteen calls ten seconds apart, on which greedy-dual hurts more calls than it helps
    and answers sooner in the mean."""
    rng = np.random.default_rng([seed, 31])
    names = list(SMALL)
    while True:
        called = rng.choice(3, SMALL_CALLS, p=(0.4, 0.25, 0.35))
        times = {name: [10.0 * i for i in np.flatnonzero(called == k)] for k, name in enumerate(names)}
        if not all(times.values()):
            continue
        change = _small_diff(times).response_change_s
        helped, hurt = int((change < 0).sum()), int((change > 0).sum())
        if hurt > helped >= 1 and change.mean() < -0.05 and hurt != len(change) - helped - hurt:
            return times


def _small_diff(times):
    runs = [
        simulate(
            Platform(keep, invoker_memory_mb=SMALL_ROOM_MB),
            Workload(small_functions(), times),
            seed=1,
            duration_s=400.0,
        )
        for keep in (LRU(), GreedyDual())
    ]
    return diff(*runs)


def _small_figures(seed):
    change = _small_diff(small_calls(seed)).response_change_s
    helped, hurt = int((change < 0).sum()), int((change > 0).sum())
    return {
        "calls": len(change), "helped": helped, "hurt": hurt, "same": len(change) - helped - hurt,
        "gain_s": float(-change[change < 0].sum()), "loss_s": float(change[change > 0].sum()),
        "mean_s": float(change.mean()), "sum_s": float(change.sum()),
        "mean_of_changed_s": float(change[change != 0].mean()),
    }  # fmt: skip


def _compare(seed):
    """Read a diff: calls hurt, calls the same, mean change."""
    f, slips = _small_figures(seed), _words("compare")["slips"]
    judges = (
        Number(f["hurt"], "count", slips={slips["helped"]: f["helped"], slips["changed"]: f["helped"] + f["hurt"]}),
        Number(f["same"], "count", slips={slips["changed-same"]: f["helped"] + f["hurt"]}),
        Number(f["mean_s"], "s", slips={slips["of-changed"]: f["mean_of_changed_s"], slips["sum"]: f["sum_s"]}),
    )
    other = next(g for s in range(seed + 1, seed + 1000) if (g := _small_figures(s)) != f and g["hurt"] != f["hurt"])
    return Task(judges, None, other)


# --- a policy that is to be written --------------------------------------------------------------------------------


def _world(rng, calls, functions=5):
    """A Workload of short calls of functions that differ in size and start."""
    made, times = [], {}
    called = rng.integers(0, functions, calls)
    at_s = np.cumsum(rng.choice([1.0, 6.0, 9.0], calls))
    for k in range(functions):
        start_s, memory_mb = float(rng.choice([0.25, 1.0, 4.0])), float(rng.choice([128, 256, 512]))
        made.append(Function(f"f{k}", Constant(1.0), memory_mb=memory_mb, cold_start=ColdStart(code_s=start_s)))
        times[f"f{k}"] = at_s[called == k]
    return Workload(tuple(made), times)


def starts(keep_alive, workload, machines=1, room_mb=768) -> list[str]:
    """The kind of start of each call under an eviction policy (an object) on so many machines of room_mb."""
    platform = Platform(keep_alive, invokers=machines, invoker_memory_mb=room_mb, binding="early", placement=Hashed())
    result = simulate(platform, workload, seed=1, duration_s=4000.0)
    return [Start(int(start)).name.lower() for start in result.calls["start"]]


def _telling(case, seed, shift):
    """A workload on which the mistake of the case changes a start, so that whoever makes it is told."""
    mistake, machines, calls = MISTAKES[case]
    rng = np.random.default_rng([seed, shift, *case.encode()])
    while True:
        workload = _world(rng, calls)
        expected = starts(OwnUses(), workload, machines)
        if expected != starts(mistake(), workload, machines) and expected != starts(LRU(), workload, machines):
            return workload, machines, expected


def _difference(workload, expected):
    def tell(at, got, expected):
        name = workload.functions[int(workload.merged_ns()[1][at])].name
        values = {"call": at + 1, "function": name, "got": got, "expected": expected}
        return fill(_words("policy")["cases"]["difference"], values)

    return first_difference(expected, tell)


@cache
def _policy_cases(seed, shift):
    words, cases = _words("policy")["cases"], []
    for case in MISTAKES:
        workload, machines, expected = _telling(case, seed, shift)
        run = lambda policy, w=workload, m=machines: starts(policy(), w, m)  # noqa: E731
        cases.append(Case(words[case], run, expected, _difference(workload, expected)))
    many = _world(np.random.default_rng([seed, shift, 99]), 300, functions=12)
    expected = starts(OwnUses(), many, 2)
    about = fill(words["random"], {"calls": 300})
    cases.append(Case(about, lambda policy: starts(policy(), many, 2), expected, _difference(many, expected)))
    return tuple(cases)


def _policy(seed):
    what = _words("policy")["what"]
    public, hidden = (Changed(Cases(what, _policy_cases(seed, shift)), Oldest) for shift in (0, 1))
    return Task((public,), None, {}, (hidden,))


# --- a design that is to be chosen ---------------------------------------------------------------------------------


@cache
def viral_evening(seed: int) -> Workload:
    """The thumbnails from 19:30 to 21:00 with ten minutes of 22 more a second, and eighty seldom-called functions."""
    found = azure_like(
        110, EVENING_S, seed, cold_start=START, max_rate_per_s=1 / 60, timeout_s=300, max_memory_mb=512
    )  # fmt: skip
    seldom = [f for f in found.functions if 0 < len(found.arrivals_s[f.name]) <= EVENING_S / 60][:OTHERS]
    others = tuple(Function(f.name, f.service, memory_mb=f.memory_mb, cold_start=START) for f in seldom)
    photos = thumbnails(seed, BEGIN_S + EVENING_S).arrivals_s["thumbnails"] - BEGIN_S
    viral = VIRAL_AT_S + poisson(VIRAL_RATE, VIRAL_FOR_S, 100 + seed)
    times = {"thumbnails": np.sort(np.concatenate([photos[photos >= 0], viral]))}
    return Workload((thumbnail_function(), *others), times | {f.name: found.arrivals_s[f.name] for f in seldom})


@cache
def run_design(design: str, memory_mb: int, seed: int):
    """The Result of that evening on four machines of memory_mb under one of DESIGNS."""
    placement, keep_alive = DESIGNS[design]
    platform = Platform(
        keep_alive(), invokers=MACHINES, invoker_memory_mb=memory_mb, binding="early", placement=placement()
    )  # fmt: skip
    return simulate(platform, viral_evening(seed), seed=seed, duration_s=EVENING_S)


def machine_memory_mb(seed: int) -> int:
    """The memory of each machine in the lab of this seed."""
    return SIZES_MB[seed % len(SIZES_MB)]


@cache
def cold_calls_of(design: str, memory_mb: int) -> dict:
    """Cold calls in the mean over SEEDS: {"thumbnails", "others"}."""
    counts = []
    for seed in SEEDS:
        calls = run_design(design, memory_mb, seed).calls
        cold, photo = calls["start"] == Start.COLD, calls["function"] == 0
        counts.append((np.count_nonzero(cold & photo), np.count_nonzero(cold & ~photo)))
    return dict(zip(("thumbnails", "others"), np.mean(counts, axis=0).tolist(), strict=True))


@cache
def who(before: str, after: str, memory_mb: int) -> dict:
    """Calls helped and hurt over all SEEDS by a change of the design: {"helped", "hurt"}."""
    changes = [diff(*(run_design(design, memory_mb, seed) for design in (before, after))).figures for seed in SEEDS]
    return {key: sum(change[key] for change in changes) for key in ("helped", "hurt")}


def _fewest(of, memory_mb):
    cold = {d: cold_calls_of(d, memory_mb)[of] for d in DESIGNS}
    best, words = min(cold, key=cold.get), _words("design")["slips"]["not-fewest"]
    remarks = {d: fill(words, {"design": d, "cold": cold[d], "of": of}) for d in DESIGNS if d != best}
    return Choice(best, tuple(DESIGNS), remarks)


def _ratio(memory_mb):
    """Calls hurt for each call helped by greedy-dual."""
    changed = who("hash-lru", "hash-greedy-dual", memory_mb)
    slips, ratio = _words("design")["slips"], changed["hurt"] / changed["helped"]
    return Number(ratio, slips={slips["upside-down"]: 1 / ratio, slips["only-hurt"]: changed["hurt"]})


def _design(seed):
    memory_mb = machine_memory_mb(seed)
    example = {"helped": 40, "hurt": 100, "ratio": 100 / 40}
    judges = [Deferred(f"one of {tuple(DESIGNS)}", partial(_fewest, of, memory_mb)) for of in ("thumbnails", "others")]
    return Task((*judges, Deferred("a number", partial(_ratio, memory_mb))), None, example)
