"""Random streams: one seed, and for every purpose an independent stream of numbers.

A stream is named by a key, such as (function's name, "arrivals"). What one part of a run draws therefore never shifts
what
another part draws: with the same seed, two policies meet the same world.
Source: NumPy's SeedSequence, whose spawn keys give independent streams; the generator is PCG64.
Left out: agreement across versions of NumPy's distributions, which NumPy does not promise.
"""

import hashlib

import numpy as np

from faaslab.errors import InputError, whole


def check_seed(seed) -> int:
    """`seed` as an int; InputError where it is not a whole number >= 0 (of any size)."""
    if isinstance(seed, int) and not isinstance(seed, bool):
        if seed < 0:
            raise InputError(f"seed: expected a whole number >= 0, got {seed}")
        return seed
    return whole(seed, "seed")


def stream(seed: int, *key: str | int) -> np.random.Generator:
    """The generator that belongs to `seed` and `key`: the same on every machine, independent of every other key's."""
    for part in key:
        if isinstance(part, bool) or not isinstance(part, (str, int, np.integer)):
            raise InputError(f"key of a random stream: expected text or whole numbers, got {part!r}")
    # Python's own hash() of text differs from process to process; a digest does not. 128 bits make collisions
    # negligible.
    text = repr([part if isinstance(part, str) else int(part) for part in key])
    words = np.frombuffer(hashlib.sha256(text.encode()).digest()[:16], dtype="<u4")
    return np.random.Generator(
        np.random.PCG64(np.random.SeedSequence(check_seed(seed), spawn_key=tuple(map(int, words))))
    )


def generator(seed, *key: str | int) -> np.random.Generator:
    """`seed` itself where it is a Generator already (it is consumed); else stream(seed, *key)."""
    return seed if isinstance(seed, np.random.Generator) else stream(seed, *key)
