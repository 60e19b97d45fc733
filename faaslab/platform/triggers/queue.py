"""Queue: messages wait; pollers take them in batches; what is not finished in time becomes visible again.

Chapter "Events". A poller looks every poll_s; it takes up to batch_size visible messages, which then are invisible for
visibility_s, and calls the function with them; it polls again when that call is over. A completed batch deletes its
messages, except those that a handler with report_failures has named. Any other outcome leaves them to reappear, and so
does a call that outlives the visibility time-out: then a message is processed twice. A message received max_receives
times goes to the dead-letter queue when it would become visible again. Source:
https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html and
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html (partial batch responses). Left out: the
scaling of pollers, order (FIFO queues; what reappears together stays together here), limits on a batch's bytes.
"""

from collections import deque

import numpy as np

from faaslab.errors import number, whole
from faaslab.model.result import EventOutcome
from faaslab.platform.call import COMPLETED
from faaslab.platform.triggers.schedule import Schedule
from faaslab.platform.triggers.source import Source
from faaslab.units import ns


class Message:
    __slots__ = ("deliveries", "done", "number", "sent", "visible")

    def __init__(self, number, sent):
        self.number = number
        self.sent = sent
        self.deliveries = 0
        self.visible = True
        self.done = False


class Queue(Source):
    """Messages sent at `times_s`. batch_window_s: how long a poller waits for a full batch. pollers: batches at once.

    per_message: time and failure of a batch are those of its messages, drawn for each delivery (times add up, one
    failure fails the batch); by default they are drawn once a batch, whatever its size. damaged: numbers of messages
    at which every handler fails. report_failures: the handler names the messages that failed; the others are done.
    """

    def __init__(
        self, function, times_s, *, batch_size=10, batch_window_s=0.0, poll_s=1.0, pollers=5, visibility_s=30.0,
        max_receives=3, per_message=False, damaged=(), report_failures=False, name=None,
    ):  # fmt: skip
        super().__init__(function, name or f"queue of {function}")
        self.times_s = times_s
        self.batch_size = whole(batch_size, f"{self.name}, batch_size", minimum=1)
        self.batch_window_s = number(batch_window_s, f"{self.name}, batch_window_s", minimum=0)
        self.poll_s = number(poll_s, f"{self.name}, poll_s", above=0)
        self.pollers = whole(pollers, f"{self.name}, pollers", minimum=1)
        self.visibility_s = number(visibility_s, f"{self.name}, visibility_s", above=0)
        self.max_receives = whole(max_receives, f"{self.name}, max_receives", minimum=1)
        self.per_message = bool(per_message)
        self.damaged = frozenset(
            whole(n, f"{self.name}, damaged", maximum=max(0, len(times_s) - 1)) for n in np.asarray(damaged).tolist()
        )
        self.report_failures = bool(report_failures)

    def begin(self):
        self._visible = deque()  # the longest visible first; may hold messages done meanwhile
        self._open = {}  # number -> message
        self._batches = {}  # event -> (created, messages, numbers of those that the handler names as failed, poller)
        self._gathering = {}  # poller -> event of its window, for pollers that wait for a full batch
        # Pollers look at different instants, evenly spread over the period; the run sees only looks that find
        # something.
        self._asleep = {poller: ns(self.poll_s) * poller // self.pollers for poller in range(self.pollers)}
        self._period = ns(self.poll_s)
        Schedule(self.sim, self.times_s, self.name, self._send)

    def _send(self, number_of_message):
        message = Message(number_of_message, self.sim.env.now)
        self._open[message.number] = message
        self.pending += 1
        self._show(message)

    def _show(self, message):
        message.visible = True
        self._visible.append(message)
        self._wake_pollers()
        if self._gathering and self._count_visible(self.batch_size) == self.batch_size:
            poller = next(iter(self._gathering))
            del self._gathering[poller]
            self._take(poller)

    def _wake_pollers(self):
        """Every sleeping poller looks at its next instant, as it would have done all along."""
        now = self.sim.env.now
        for poller, phase in self._asleep.items():
            self.later_ns((phase - now) % self._period, lambda poller=poller: self._poll(poller))
        self._asleep = {}

    def _poll(self, poller):
        waiting = self._count_visible(self.batch_size)
        if not waiting:
            self._asleep[poller] = self.sim.env.now % self._period
        elif waiting < self.batch_size and self.batch_window_s:
            window = self._gathering[poller] = object()
            self.later(self.batch_window_s, lambda: self._window_over(poller, window))
        else:
            self._take(poller)

    def _window_over(self, poller, window):
        if self._gathering.get(poller) is window:
            del self._gathering[poller]
            self._take(poller)

    def _count_visible(self, enough):
        while self._visible and not self._takeable(self._visible[0]):
            self._visible.popleft()
        count = 0
        for message in self._visible:
            count += self._takeable(message)
            if count == enough:
                break
        return count

    @staticmethod
    def _takeable(message):
        return message.visible and not message.done

    def _take(self, poller):
        batch = []
        while self._visible and len(batch) < self.batch_size:
            message = self._visible.popleft()
            if self._takeable(message):
                batch.append(message)
        if not batch:
            self._asleep[poller] = self.sim.env.now % self._period
            return
        for message in batch:
            message.visible = False
            message.deliveries += 1
            self.later(self.visibility_s, lambda message=message: self._visibility_over(message))
        event = self.new_event()
        draw, bad = self._drawn(event, batch)
        self._batches[event] = (self.sim.env.now, batch, bad, poller)
        self.submit(event, batch=event, draw=draw)

    def _drawn(self, event, batch):
        """What chance decides about a batch, and the numbers of the messages that its handler names as failed."""
        bad = {message.number for message in batch} & self.damaged
        if self.per_message:
            rows = [self.draw(message.number, message.deliveries - 1) for message in batch]
            bad |= {message.number for message, row in zip(batch, rows, strict=True) if row[2]}
            works, colds, _, starts, sizes = zip(*rows, strict=True)
            cold = None if colds[0] is None else sum(colds)
            work = sum(works) if isinstance(works[0], int) else tuple(map(sum, zip(*works, strict=True)))
            draw = (work, cold, False, starts[0], max(sizes))  # what the largest input needs, the batch needs
        else:
            draw = self.draw(event, 0)
        if self.report_failures:
            return draw, bad
        return (draw[0], draw[1], draw[2] or bool(bad), *draw[3:]), set()

    def _visibility_over(self, message):
        if message.done:
            return
        if message.deliveries >= self.max_receives:
            self._close(message, EventOutcome.DEAD_LETTERED)
        else:
            self._show(message)

    def over(self, call, outcome):
        created, batch, bad, poller = self._batches.pop(call.event)
        completed = outcome == COMPLETED
        self.write_event(call.event, created, 1, EventOutcome.DONE if completed else EventOutcome.LOST)
        if completed:
            for message in batch:
                if not message.done and message.number not in bad:
                    self._close(message, EventOutcome.DONE)
        # The next look comes after the queue has seen this outcome, at the same instant.
        self.later(0.0 if completed else self.poll_s, lambda: self._poll(poller))

    def _close(self, message, outcome):
        message.done = True
        self.pending -= 1
        del self._open[message.number]
        self.write_message(message.number, message.sent, message.deliveries, outcome)

    def cut(self):
        for event, (created, *_) in self._batches.items():
            self.write_event(event, created, 1, EventOutcome.PENDING)
        for message in self._open.values():
            self.write_message(message.number, message.sent, message.deliveries, EventOutcome.PENDING)
