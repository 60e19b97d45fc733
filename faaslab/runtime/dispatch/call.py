"""A call: one attempt to run a function, from its arrival to its outcome, with its payload."""

import uuid

from faaslab.errors import InputError
from faaslab.model.result import Start


class Call:
    """Class attributes are the values of a call that nothing has happened to yet.

    function: the Function that is called. event: its number within `source`; None lets the ledger count. arrival: ns of
    the host's clock, None for the moment at which the dispatcher hears of it; an earlier one counts the time that the
    call was late as waiting. Times in ns of the host's clock, -1 for never.
    """

    id = -1  # in the order in which the dispatcher heard of the calls
    row = -1  # in the ledger; -1 where the measurement began after the call
    group = None
    begin = -1
    start = int(Start.NONE)
    container = None
    trigger = None  # the container whose start this call caused
    failed_start = None  # the container whose failed start this call ended with
    holding = False  # counts against the concurrency limits
    waiting = False
    # What the host keeps with it.
    on_over = None
    reply = None
    report = None
    outcome = None
    log_tail = b""
    client_context = None
    trace_id = ""

    def __init__(
        self, function, payload=b"", *, source="open", event=None, attempt=0, batch=-1, arrival=None, request_id=None
    ):
        self.function = function
        self.payload = payload
        self.source = source
        self.event = event
        self.attempt = attempt
        self.batch = batch
        self.arrival = arrival
        self.request_id = str(uuid.uuid4()) if request_id is None else request_id

    @property
    def arrival_s(self):
        return self.group.clock.seconds(self.arrival)

    @property
    def service_s(self):
        raise InputError(
            f"call of {self.function.name!r}, service_s: how long a real call takes is not known ahead; use a policy "
            "that estimates it"
        )
