"""Azure-like workloads: many applications, few of them busy, from what is published about Azure in 2019.

Source: Shahrad et al., "Serverless in the Wild", ATC 2020, through published.py. What follows the paper: functions
per app, triggers' shares of functions, memory of an app, mean execution time of a function, the points of the rates
(45 % of apps at most once an hour, 81 % at most once a minute, the others making 99.6 % of the calls, eight orders of
magnitude) and of the gaps' CV.

What is fitted or chosen here: the curves between those points; that all functions of an app have one trigger; that an
app's rate falls on its functions at random (uniform shares); that timers are clocks with whole minutes as periods
(whole seconds below a minute); that other functions' gaps are a renewal process; that a function's durations are
lognormal about its mean.

Left out: each trigger's share of invocations, days and weekends, calls of one function by another, correlation between
functions, and between a function's rate, duration and memory. The apps' CVs are not fitted, only their functions'.
"""

import math

import numpy as np

from faaslab.durations import LogNormal
from faaslab.errors import number, whole
from faaslab.functions import ColdStart, Function
from faaslab.streams import check_seed, stream
from faaslab.workload import published
from faaslab.workload.iat import check_calls
from faaslab.workload.renewal import renewal
from faaslab.workload.workload import Workload

_TINY = 2.0**-53  # the quantile of a normal distribution is infinite at exactly 0


def azure_like(
    apps: int,
    duration_s: float,
    seed: int,
    *,
    cold_start: ColdStart | None,
    max_rate_per_s: float | None = None,
    timeout_s: float | None = None,
    max_memory_mb: float | None = 1536.0,
    sigma_within: float | None = None,
) -> Workload:
    """A workload of `apps` applications called over `duration_s` seconds.

    cold_start: every function's start; None means starts that take no time.
    max_rate_per_s: no app is called more often than this; busier ones are slowed to it and counted in the notes. The
    mean is 0.37 calls a second an app, nearly all from a few of them, so without a cap a large workload has very many
    calls.
    timeout_s: becomes every function's time-out, and truncates the distribution of mean execution times.
    max_memory_mb: truncates the distribution of memory, whose tail is too heavy; by default the limit of an instance
    on Azure's consumption plan, None for the published distribution as it is.
    sigma_within: standard deviation of ln(seconds) between the calls of one function, by default the data file's 0.45.

    Functions are named app-trigger-number (a00007-timer-0); app 7 is the same whatever the number of apps. trigger_of
    gives the trigger. Notes count slowed apps and functions without a call. InputError for values out of range.
    """
    number(duration_s, "duration_s", above=0)
    check_seed(seed)
    if max_rate_per_s is not None:
        number(max_rate_per_s, "max_rate_per_s", above=0)
    if sigma_within is None:
        sigma_within = published.constants()["execution_time_within"]["sigma"]
    start = ColdStart() if cold_start is None else cold_start
    functions, arrivals, calls = [], {}, 0
    notes = {"apps slowed to max_rate_per_s": 0, "functions without a call": 0}
    for i in range(whole(apps, "apps", minimum=1)):
        rng = stream(seed, "azure-like", i)
        app = f"a{i:05d}"
        trigger, rates, cvs = _callers(rng, max_rate_per_s, notes)
        memory = float(published.memory_mb(rng.random(), max_memory_mb))
        means = published.execution_time_s(np.maximum(rng.random(len(rates)), _TINY), timeout_s)
        for j, (rate, cv, mean) in enumerate(zip(rates, cvs, means, strict=True)):
            name = f"{app}-{trigger}-{j}"
            service = LogNormal(math.log(mean) - number(sigma_within, "sigma_within", minimum=0) ** 2 / 2, sigma_within)
            functions.append(Function(name, service, memory_mb=memory, cold_start=start, timeout_s=timeout_s, app=app))
            arrivals[name] = renewal(rate, cv, duration_s, stream(seed, name, "arrivals"))
            calls += len(arrivals[name])
            notes["functions without a call"] += len(arrivals[name]) == 0
        check_calls(calls, "azure_like")
    notes = {note: count for note, count in notes.items() if count}
    return Workload(tuple(functions), arrivals, notes, float(duration_s))


def trigger_of(name: str) -> str:
    """The trigger of a function that azure_like named: "timer" for "a00007-timer-0"."""
    return name.split("-")[1]


def _callers(rng, max_rate_per_s, notes) -> tuple[str, np.ndarray, np.ndarray]:
    """An app's trigger, and for each of its functions the rate in calls a second and the CV of the gaps."""
    trigger = str(published.trigger(rng.random()))
    n = int(published.functions_per_app(rng.random()))
    rate = float(published.app_rate_per_s(rng.random()))
    if max_rate_per_s is not None and rate > max_rate_per_s:
        rate = max_rate_per_s
        notes["apps slowed to max_rate_per_s"] += 1
    shares = rng.standard_exponential(n)
    rates, cvs = rate * shares / shares.sum(), published.iat_cv(rng.random(n))
    if trigger == "timer":
        periods = 1 / rates
        whole_periods = np.where(periods >= 60, np.round(periods / 60) * 60, np.maximum(np.round(periods), 1))
        return trigger, 1 / whole_periods, np.zeros(n)
    return trigger, rates, cvs
