"""Diurnal arrivals: a Poisson process whose rate follows the hour of the day.

The smooth day (a sinusoid) is drawn by thinning: candidates come at the highest rate, and each is kept with probability
rate(t) / highest rate. The stepwise day is drawn by inversion.
Source: Lewis and Shedler, "Simulation of nonhomogeneous Poisson processes by thinning", Naval Research Logistics
Quarterly 26 (1979), 403-413. Left out: weekends, trends, and bursts within the hour.
"""

import numpy as np

from faaslab.errors import InputError, number
from faaslab.streams import generator
from faaslab.workload.poisson import piecewise_poisson, poisson

DAY_S = 86_400.0


def sinusoid_rate(t_s, mean_rate_per_s: float, amplitude: float, peak_hour: float) -> np.ndarray:
    """Rate (calls a second) at the times `t_s`, seconds since midnight: mean * (1 + amplitude * cos), highest at the
    peak.

    amplitude: 0 (no rhythm) to 1 (silent twelve hours after the peak). peak_hour: in [0, 24). Shape of `t_s`.
    """
    mean = number(mean_rate_per_s, "mean_rate_per_s", minimum=0)
    amplitude = number(amplitude, "amplitude of the day", minimum=0, maximum=1)
    peak = _hour(peak_hour, "peak_hour")
    return mean * (1 + amplitude * np.cos(2 * np.pi * (np.asarray(t_s, dtype=float) / DAY_S - peak / 24)))


def diurnal(mean_rate_per_s, amplitude, peak_hour, duration_s, seed, start_hour: float = 0.0) -> np.ndarray:
    """Times of the calls in [0, duration_s): seconds from the run's start at `start_hour` o'clock, ascending.

    The rate is sinusoid_rate's. `seed`: a whole number >= 0 or a numpy Generator.
    """
    start = _hour(start_hour, "start_hour") * 3600
    highest = float(sinusoid_rate(number(peak_hour, "peak_hour") * 3600, mean_rate_per_s, amplitude, peak_hour))
    rng = generator(seed, "diurnal")
    times = poisson(highest, duration_s, rng)
    kept = rng.random(len(times)) * highest < sinusoid_rate(times + start, mean_rate_per_s, amplitude, peak_hour)
    return times[kept]


def daily(rates_per_s, duration_s, seed, start_hour: float = 0.0) -> np.ndarray:
    """Times of the calls in [0, duration_s) when the day is cut into len(rates_per_s) equal parts, each with its own
    rate.

    With 24 rates, one an hour. The day repeats. The run starts at `start_hour` o'clock.
    """
    duration = number(duration_s, "duration_s", above=0)
    start = _hour(start_hour, "start_hour") * 3600
    rates = [number(r, "rate of a part of the day", minimum=0) for r in rates_per_s]
    if not rates:
        raise InputError("daily profile: expected at least one rate, got none")
    part = DAY_S / len(rates)
    first, last = int(start // part), int(np.ceil((start + duration) / part))
    edges = np.clip(np.arange(first, last + 1) * part - start, 0, duration)
    edges[-1] = duration
    return piecewise_poisson(edges, [rates[i % len(rates)] for i in range(first, last)], generator(seed, "diurnal"))


def _hour(value, where):
    hour = number(value, where, minimum=0, maximum=24)
    if hour == 24:
        raise InputError(f"{where}: expected an hour in [0, 24), got {value!r}")
    return hour
