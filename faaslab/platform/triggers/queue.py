"""Queue: messages wait; pollers take them in batches; what is not finished in time becomes visible again.

Chapter "Events". A poller looks every poll_s; it takes up to batch_size visible messages, which then are invisible for
visibility_s, and calls the function with them; it polls again when that call is over. A completed batch deletes its
messages. Any other outcome leaves them to reappear, and so does a call that outlives the visibility time-out: then a
message is processed twice. A message received max_receives times goes to the dead-letter queue when it would become
visible again. Source: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html. Left out: partial batch responses,
the scaling of pollers, order (FIFO queues). The handler's time is drawn per batch, whatever its size.
"""

from collections import deque

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
    """Messages sent at `times_s`. batch_window_s: how long a poller waits for a fuller batch. pollers: batches at
    once."""

    def __init__(
        self, function, times_s, *, batch_size=10, batch_window_s=0.0, poll_s=1.0, pollers=5, visibility_s=30.0,
        max_receives=3, name=None,
    ):  # fmt: skip
        super().__init__(function, name or f"queue of {function}")
        self.times_s = times_s
        self.batch_size = whole(batch_size, f"{self.name}, batch_size", minimum=1)
        self.batch_window_s = number(batch_window_s, f"{self.name}, batch_window_s", minimum=0)
        self.poll_s = number(poll_s, f"{self.name}, poll_s", above=0)
        self.pollers = whole(pollers, f"{self.name}, pollers", minimum=1)
        self.visibility_s = number(visibility_s, f"{self.name}, visibility_s", above=0)
        self.max_receives = whole(max_receives, f"{self.name}, max_receives", minimum=1)

    def begin(self):
        self._visible = deque()  # the longest visible first; may hold messages done meanwhile
        self._open = {}  # number -> message
        self._batches = {}  # event -> (created, messages, poller)
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
            self.later(self.batch_window_s, lambda: self._take(poller))
        else:
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
        self._batches[event] = (self.sim.env.now, batch, poller)
        self.submit(event, batch=event)

    def _visibility_over(self, message):
        if message.done:
            return
        if message.deliveries >= self.max_receives:
            self._close(message, EventOutcome.DEAD_LETTERED)
        else:
            self._show(message)

    def over(self, call, outcome):
        created, batch, poller = self._batches.pop(call.event)
        completed = outcome == COMPLETED
        self.write_event(call.event, created, 1, EventOutcome.DONE if completed else EventOutcome.LOST)
        if completed:
            for message in batch:
                if not message.done:
                    self._close(message, EventOutcome.DONE)
        # The next look comes after the queue has seen this outcome, at the same instant.
        self.later(0.0 if completed else self.poll_s, lambda: self._poll(poller))

    def _close(self, message, outcome):
        message.done = True
        self.pending -= 1
        del self._open[message.number]
        self.write_message(message.number, message.sent, message.deliveries, outcome)

    def cut(self):
        for event, (created, _, _) in self._batches.items():
            self.write_event(event, created, 1, EventOutcome.PENDING)
        for message in self._open.values():
            self.write_message(message.number, message.sent, message.deliveries, EventOutcome.PENDING)
