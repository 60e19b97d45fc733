"""The running application of the course: photo thumbnails with a daily peak, one function called 10,000 times a day.

Chapters of Part "Foundations" share these numbers. Source: the size of the load, of a call and of the start phases are
the tutorial's (see the page "Corrections of the sources"); the daily rhythm is an assumption of ours.
Left out: weekends, users who come back after a slow answer.
"""

from faaslab.durations import Exponential
from faaslab.functions import ColdStart, Function
from faaslab.workload.diurnal import DAY_S, diurnal
from faaslab.workload.workload import Workload

CALLS_A_DAY = 10_000
MEMORY_MB = 256
SERVICE_S = 0.2
START = ColdStart(allocate_s=0.100, runtime_s=0.200, dependencies_s=0.150, code_s=0.050)
AMPLITUDE = 0.9
PEAK_HOUR = 20


def thumbnail_function(service=None) -> Function:
    """The function "thumbnails": 256 MB, 0.5 s to start. service: its durations; None: exponential of mean 0.2 s."""
    return Function("thumbnails", service or Exponential(SERVICE_S), memory_mb=MEMORY_MB, cold_start=START)


def thumbnails(seed, duration_s: float = DAY_S, service=None) -> Workload:
    """The calls from midnight on for `duration_s` seconds: 10,000 a day on average, most of them about 20 o'clock.

    seed: a whole number >= 0 or a numpy Generator. service: as for thumbnail_function.
    """
    arrivals_s = diurnal(CALLS_A_DAY / DAY_S, AMPLITUDE, PEAK_HOUR, duration_s, seed)
    return Workload((thumbnail_function(service),), {"thumbnails": arrivals_s})
