"""The words and the small tables that the tests of figures share."""

import math

ARRIVALS_S = (0.0, 1.0, 9.0, 14.0, 15.0, 26.0, 41.0, 44.0)
START_S, SERVICE_S, UNTIL_S = 2.0, 1.5, 60.0
WINDOWS_S = (0.0, 2.0, 5.0, 10.0, 15.0, 30.0)

TEXTS = {
    "chapter": {
        "claim": "A longer keep-alive always costs more.",
        "experiment": "The same eight calls under every window.",
        "remember": "Keep-alive buys warm starts with idle memory.",
    },
    "prediction": {
        "opening": {
            "question": "Eight calls, a container kept for `10 s`: how many have to wait for a start?",
            "reveal": "{slow} of {calls} calls found no idle container.",
            "answers": [
                {
                    "key": "one",
                    "text": "one",
                    "misconception": "only the first call is cold",
                    "remark": "Two calls at once need two containers, and a container does not live for ever.",
                },
                {
                    "key": "five",
                    "text": "five",
                    "right": True,
                    "remark": "Calls at the same time, and calls after long gaps, are cold.",
                },
                {
                    "key": "all",
                    "text": "all eight",
                    "misconception": "every call starts a container",
                    "remark": "A container is kept and used again.",
                },
            ],
        }
    },
    "explorer": {
        "eight-calls": {
            "title": "Eight calls.",
            "caption": "One function that starts in 2 s and runs 1.5 s; its container is kept for a while.",
            "alt": "Eight calls on a timeline above the containers that served them.",
            "sentence": "{keep_alive_s}: {slow} of 8 calls are slow, {idle_s} idle",
            "columns": {
                "keep_alive_s": {"label": "Keep-alive", "format": "duration"},
                "call": {"label": "Call"},
                "arrival_s": {"label": "Arrives", "unit": "s"},
                "start": {"label": "Start", "names": {"cold": "cold", "warm": "warm"}},
                "end_s": {"label": "Ends", "unit": "s"},
                "slow": {"label": "Slow calls"},
                "idle_s": {"label": "Idle", "unit": "s"},
            },
        },
        "curve": {
            "title": "A longer keep-alive, fewer cold calls.",
            "caption": "Short calls of a Poisson stream: the cold fraction is exp(-rate × window).",
            "alt": "Two falling curves.",
            "sentence": "{window_s} at {rate}: {cold} cold",
            "columns": {
                "window_s": {"label": "Keep-alive window", "format": "duration"},
                "rate": {"label": "Rate", "unit": "calls/min"},
                "cold": {"label": "Cold calls", "unit": "%", "format": "percent"},
                "half": {"label": "Cold calls, two containers", "unit": "%", "format": "percent"},
            },
            "series": {"cold": "one function", "half": "two functions"},
        },
        "lines": {
            "title": "Waiting before a full house.",
            "caption": "M/M/1 response time over the load; the control sets the service time.",
            "alt": "A curve that rises steeply near a load of one.",
            "sentence": "{service_s}, {burst}: from {mean_s[bursty]} on",
            "columns": {
                "service_s": {"label": "Service time", "format": "duration"},
                "burst": {"label": "Bursts", "names": {"calm": "calm days", "wild": "wild days"}},
                "kind": {"label": "Workload"},
                "load": {"label": "Load"},
                "mean_s": {"label": "Response time", "unit": "s"},
            },
        },
        "frontier": {
            "title": "Cold calls against idle memory.",
            "caption": "Each point is one keep-alive window on the same calls; nearer to the corner is better.",
            "alt": "Points on two falling curves.",
            "sentence": "{window_s}: {cold[fixed]} cold, {idle_memory_mb[fixed]} idle",
            "columns": {
                "policy": {"label": "Policy", "names": {"fixed": "fixed window", "histogram": "histogram"}},
                "window_s": {"label": "Window", "format": "duration"},
                "cold": {"label": "Cold calls", "unit": "%", "format": "percent"},
                "idle_memory_mb": {"label": "Idle memory", "unit": "MB"},
            },
            "series": {"fixed": "fixed window", "histogram": "histogram", "none": "no keep-alive"},
        },
    },
    "picture": {
        "phases": {
            "title": "Where a cold start's time goes.",
            "caption": "Three ways to come to a running handler.",
            "alt": "Three bars; the cold start's is the longest.",
            "columns": {
                "start": {"label": "Start", "names": {"cold": "cold", "stem": "stem cell"}},
                "phase": {"label": "Phase", "names": {"allocate": "allocate", "runtime": "start runtime"}},
                "seconds": {"label": "Time", "format": "duration"},
            },
        },
        "eight-still": {"title": "Eight calls, kept for 10 s.", "caption": "Nothing moves here.", "alt": "A timeline."},
    },
}


def replay(keep_alive_s):
    """Eight calls under a fixed window: the rows of calls, of containers, and one of sums."""
    containers, calls = [], []
    for n, arrival in enumerate(ARRIVALS_S, 1):
        free = [c for c in containers if c["busy_until"] <= arrival < c["busy_until"] + keep_alive_s]
        cold = not free
        if cold:
            containers.append(
                {"container": len(containers) + 1, "created_s": arrival, "ready_s": arrival + START_S, "busy_s": 0.0}
            )
        mine = containers[-1] if cold else max(free, key=lambda c: c["busy_until"])
        begin = arrival + (START_S if cold else 0.0)
        mine["busy_until"] = begin + SERVICE_S
        mine["busy_s"] += SERVICE_S
        calls.append({
            "keep_alive_s": keep_alive_s, "call": n, "arrival_s": arrival, "begin_s": begin, "end_s": begin + SERVICE_S,
            "start": "cold" if cold else "warm", "container": mine["container"],
        })  # fmt: skip
    rows = [
        {
            "keep_alive_s": keep_alive_s,
            "gone_s": c["busy_until"] + keep_alive_s,
            **{k: c[k] for k in ("container", "created_s", "ready_s")},
        }
        for c in containers
    ]
    idle = sum(min(r["gone_s"], UNTIL_S) - r["ready_s"] - c["busy_s"] for r, c in zip(rows, containers, strict=True))
    return calls, rows, {"keep_alive_s": keep_alive_s, "slow": sum(c["start"] == "cold" for c in calls), "idle_s": idle}


def curve_rows():
    return [
        {
            "window_s": window,
            "rate": rate,
            "cold": math.exp(-rate * window / 60),
            "half": math.exp(-rate * window / 120),
        }
        for rate in (1, 2, 5)
        for window in (1, 15, 30, 60, 120, 300, 600, 1200)
    ]
