"""The formulas of retries and batches against the simulated queue."""

import numpy as np
import pytest

from faaslab.durations import Constant, Exponential
from faaslab.errors import InputError
from faaslab.functions import Function
from faaslab.model.result import EventOutcome
from faaslab.model.retries import dead_letter_probability, delivered_twice, mean_attempts, mean_batch
from faaslab.model.summary import t_interval
from faaslab.platform import Platform, simulate
from faaslab.platform.triggers import Queue
from faaslab.policies import FixedWindow
from faaslab.workload import Workload, poisson

RATE, DURATION_S = 0.5, 8000.0


def over_seeds(measure, **options):
    function = Function("f", options.pop("service", Constant(0.1)), failure=options.pop("failure", 0.0))
    figures = []
    for seed in range(1, 7):
        queue = Queue("f", poisson(RATE, DURATION_S, seed), poll_s=0.01, **options)
        platform = Platform(FixedWindow(600))
        result = simulate(
            platform, Workload((function,)), seed=seed, duration_s=DURATION_S, triggers=[queue], drain=True
        )
        figures.append(measure(result))
    return [t_interval(column, confidence=0.999) for column in np.array(figures).T]


def within(interval, value):
    return abs(interval["mean"] - value) <= interval["half_width"]


def test_dead_letters_and_attempts_are_those_of_the_queue():
    def measure(result):
        messages = result.messages
        return (messages["outcome"] == EventOutcome.DEAD_LETTERED).mean(), messages["deliveries"].mean()

    dead, attempts = over_seeds(measure, failure=0.3, batch_size=1, max_receives=3, visibility_s=5.0)
    assert within(dead, dead_letter_probability(0.3, 3)) and within(attempts, mean_attempts(0.3, 3))


def test_a_batch_has_the_first_message_and_those_of_its_window():
    (size,) = over_seeds(
        lambda result: (len(result.messages["sent_ns"]) / len(result),), batch_size=1000, batch_window_s=12.0, pollers=1
    )
    assert within(size, mean_batch(RATE, 12.0))


def test_what_outlives_its_time_out_is_delivered_twice():
    (twice,) = over_seeds(
        lambda result: ((result.messages["deliveries"] > 1).mean(),),
        service=Exponential(0.5), batch_size=1, visibility_s=1.0, pollers=8, max_receives=9,
    )  # fmt: skip
    assert within(twice, delivered_twice(1.0, 0.5))


def test_the_ends_of_the_scales():
    assert mean_attempts(1.0, 3) == 3 and mean_attempts(0.0, 3) == 1 and dead_letter_probability(1.0, 9) == 1
    assert mean_attempts(0.25, 40) == pytest.approx(1 / 0.75)
    for bad in (lambda: dead_letter_probability(1.1, 3), lambda: mean_attempts(0.1, 0), lambda: delivered_twice(1, 0)):
        with pytest.raises(InputError):
            bad()
