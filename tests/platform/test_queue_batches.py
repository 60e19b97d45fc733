"""Batches of a queue: a full one does not wait, damaged messages spoil the others unless the handler names them."""

import numpy as np
import pytest

from faaslab.durations import Constant, Exponential
from faaslab.errors import InputError
from faaslab.functions import Function
from faaslab.model.result import EventOutcome
from faaslab.platform import Platform, simulate
from faaslab.platform.triggers import Queue
from faaslab.policies import FixedWindow
from faaslab.workload import Workload

DONE, DEAD = int(EventOutcome.DONE), int(EventOutcome.DEAD_LETTERED)


def run(queue, service=None, *, failure=0.0, duration_s=1000.0, seed=1):
    function = Function("f", service or Constant(1.0), failure=failure)
    return simulate(
        Platform(FixedWindow(600)),
        Workload((function,)),
        seed=seed,
        duration_s=duration_s,
        triggers=[queue],
        drain=True,
    )


def seconds(result, column):
    return (result.calls[column] / 1e9).tolist()


def test_a_full_batch_does_not_wait_for_the_end_of_its_window():
    result = run(Queue("f", [0.0, 5.0, 7.0, 8.0], pollers=1, batch_size=3, batch_window_s=60.0))
    # The window of the first three would end at 60; the fourth finds the poller free at 8 and is taken at 68.
    assert seconds(result, "arrival_ns") == [7.0, 68.0]


def test_a_window_that_was_cut_short_does_not_end_again():
    times = [0.0, 1.0, 2.0, 30.0, 70.0]
    result = run(Queue("f", times, pollers=1, batch_size=2, batch_window_s=60.0))
    # Full at 1; window of 2 is full at 30; window of 70 ends at 130, not at 60 or 62.
    assert seconds(result, "arrival_ns") == [1.0, 30.0, 130.0]


def test_times_of_a_batch_are_those_of_its_messages():
    result = run(Queue("f", [0.5] * 6, pollers=1, batch_size=4, per_message=True), Constant(0.5))
    assert (np.array(seconds(result, "end_ns")) - seconds(result, "begin_ns")).tolist() == [2.0, 1.0]


def test_a_message_takes_its_time_whatever_the_batch_it_is_in():
    one, ten = (
        run(Queue("f", [0.5] * 30, pollers=1, batch_size=size, per_message=True), Exponential(1.0)) for size in (1, 10)
    )
    each = np.array(seconds(one, "end_ns")) - seconds(one, "begin_ns")
    batch = np.array(seconds(ten, "end_ns")) - seconds(ten, "begin_ns")
    assert batch == pytest.approx(each.reshape(3, 10).sum(axis=1), abs=1e-6)


def test_a_damaged_message_takes_its_whole_batch_to_the_dead_letter_queue():
    result = run(Queue("f", [0.5] * 20, pollers=1, batch_size=10, max_receives=3, damaged=[4]))
    outcomes = result.messages["outcome"][np.argsort(result.messages["message"])]
    assert outcomes.tolist() == [DEAD] * 10 + [DONE] * 10
    assert len(result) == 4


def test_only_the_damaged_message_dies_where_the_handler_names_it():
    result = run(Queue("f", [0.5] * 20, pollers=1, batch_size=10, max_receives=3, damaged=[4], report_failures=True))
    order = np.argsort(result.messages["message"])
    assert np.flatnonzero(result.messages["outcome"][order] == DEAD).tolist() == [4]
    assert result.messages["deliveries"][order].tolist() == [3 if i == 4 else 1 for i in range(20)]
    # Every call completes: the platform sees no error.
    assert len(result) == 4 and (result.events["outcome"] == DONE).all()


def test_bad_luck_of_one_message_is_named_too_and_passes():
    queue = Queue("f", [0.5] * 2000, batch_size=10, max_receives=10, per_message=True, report_failures=True)
    result = run(queue, failure=0.2)
    assert (result.messages["outcome"] == DONE).all()
    # The number of deliveries is geometric with mean 1.25 and variance 0.3125; four standard errors.
    assert result.messages["deliveries"].mean() == pytest.approx(1.25, abs=4 * (0.3125 / 2000) ** 0.5)


def test_a_damaged_message_alone_is_received_as_often_as_allowed():
    result = run(Queue("f", [0.0, 1.0], batch_size=1, max_receives=5, damaged=[0]))
    assert sorted(result.messages["deliveries"].tolist()) == [1, 5]


@pytest.mark.parametrize("damaged", [[2], [-1], [0.5]])
def test_damaged_messages_are_numbers_of_messages(damaged):
    with pytest.raises(InputError, match="damaged"):
        Queue("f", [0.0, 1.0], damaged=damaged)
