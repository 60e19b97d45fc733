"""The random quantities of calls, drawn per call whether or not they are used, so that two policies meet the same
world.

A draw is keyed by (seed, function, source, ordinal of the call in its source, attempt): first attempts read arrays
drawn in bulk, in order of their ordinals; later attempts have a stream each.
"""

from itertools import chain, repeat

import numpy as np

from faaslab.durations import Constant
from faaslab.functions import Function
from faaslab.streams import stream
from faaslab.units import ns, ns_array

FIRST_CHUNK, LAST_CHUNK = 16, 16_384


class Draws:
    """An iterator over first attempts: (work, cold_work, failed, start, input_size) for ordinals 0, 1, 2, ...

    work: ns of each step of the body (an int where there is one step). cold_work: ns of service if the call's start is
    cold, or None. failed: bool. start: ns of the four phases of the start that the call may trigger.
    input_size: a float, 1.0 where the function has no distribution of it.
    """

    def __init__(self, seed: int, function: Function, source: str):
        self._key = (seed, function.name, source)
        self._function = function
        columns = self._columns(lambda quantity: stream(seed, function.name, source, quantity), 0)
        self._rows = zip(*columns, strict=True)

    def __iter__(self):
        return self._rows

    def attempt(self, ordinal: int, attempt: int):
        """The draw of a later attempt (attempt >= 1)."""
        seed, name, source = self._key
        columns = self._columns(lambda quantity: stream(seed, name, source, quantity, ordinal, attempt), ordinal)
        return next(zip(*columns, strict=True))

    def _columns(self, rng, ordinal):
        function = self._function
        steps = [_column(step.duration, rng, f"service {i}", ordinal) for i, step in enumerate(function.steps)]
        work = steps[0] if len(steps) == 1 else zip(*steps, strict=True)
        cold = (
            repeat(None)
            if function.cold_service is None
            else _column(function.cold_service, rng, "cold service", ordinal)
        )
        failed = (
            repeat(function.failure > 0) if function.failure in (0, 1) else _failures(function.failure, rng("failure"))
        )
        phases = [_column(phase, rng, f"start {i}", ordinal) for i, phase in enumerate(function.cold_start.phases)]
        if all(isinstance(phase, Constant) for phase in function.cold_start.phases):
            start = repeat(tuple(ns(phase.value_s) for phase in function.cold_start.phases))
        else:
            start = zip(*phases, strict=True)
        size = repeat(1.0) if function.input_size is None else _sizes_of(function.input_size, rng("input size"))
        return work, cold, failed, start, size


def _column(duration, rng, quantity, ordinal):
    if isinstance(duration, Constant):
        return repeat(ns(duration.value_s))
    if hasattr(duration, "at"):
        return chain.from_iterable(_recorded(duration, ordinal))
    return chain.from_iterable(_sampled(duration, rng, quantity))


def _sampled(duration, rng, quantity):
    generator = rng(quantity)
    for size in _sizes():
        yield ns_array(duration.sample(generator, size)).tolist()


def _recorded(duration, first):
    for size in _sizes():
        values = duration.at(first, size)
        first += size
        yield ns_array(values).tolist()


def _sizes_of(distribution, generator):
    return chain.from_iterable(distribution.sample(generator, size).tolist() for size in _sizes())


def _failures(probability, generator):
    return chain.from_iterable((generator.random(size) < probability).tolist() for size in _sizes())


def _sizes():
    size = FIRST_CHUNK
    while True:
        yield size
        size = min(2 * size, LAST_CHUNK)


def uniform(seed: int, *key) -> float:
    """One uniform number in [0, 1) for a choice outside any call, keyed as its words and numbers say."""
    return float(np.asarray(stream(seed, *key).random()))
