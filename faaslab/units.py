"""Units: seconds and MB of 2**20 bytes outside; whole nanoseconds, bytes and millionths of a core inside.

Integer time makes "at the same instant" exact, which the platform's tie rules need; integer memory and cpu make "full"
exact.
"""

import math

import numpy as np

from faaslab.errors import InputError

NS_PER_S = 1_000_000_000
MB_PER_GB = 1024
BYTES_PER_MB = 2**20
# What integers of 64 bits hold with room to add: about 30 years, and a petabyte.
LONGEST_S = 1e9
MOST_MB = 1e9


def ns(seconds: float) -> int:
    """Whole nanoseconds nearest to `seconds` (any finite float)."""
    return round(seconds * NS_PER_S)


def ns_array(seconds) -> np.ndarray:
    """int64 nanoseconds of an array of seconds, same shape; InputError where one is not finite or beyond 292 years."""
    scaled = np.rint(np.asarray(seconds, dtype=float) * NS_PER_S)
    bad = ~(np.abs(scaled) < 2**63)
    if bad.any():
        raise InputError(
            f"times: expected finite seconds below 9.2e9, got {np.asarray(seconds, dtype=float)[bad][0]!r}"
        )
    return scaled.astype(np.int64)


def seconds(nanoseconds):
    """Seconds (float, or float array of the same shape) of whole nanoseconds."""
    return nanoseconds / NS_PER_S


def memory_bytes(memory_mb: float):
    """Whole bytes nearest to `memory_mb`; infinity stays infinity."""
    return memory_mb if math.isinf(memory_mb) else round(memory_mb * BYTES_PER_MB)


def microcores(cpu: float):
    """Whole millionths of a core nearest to `cpu` cores; infinity stays infinity."""
    return cpu if math.isinf(cpu) else round(cpu * 1_000_000)
