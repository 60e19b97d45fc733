"""A call: one attempt to run a function, from its arrival to its outcome.

A call is also what SimPy's environment runs at the call's end (its `callbacks`), so that an invocation costs two
scheduled things: its arrival and its end.
"""

from faaslab.model.result import Outcome, Start
from faaslab.units import NS_PER_S

# Plain ints are several times faster to copy into the columns than members of an enumeration.
COMPLETED = int(Outcome.COMPLETED)
TIMED_OUT = int(Outcome.TIMED_OUT)
THROTTLED = int(Outcome.THROTTLED)
REJECTED = int(Outcome.REJECTED)
FAILED = int(Outcome.FAILED)
ABANDONED = int(Outcome.ABANDONED)
IN_SYSTEM = int(Outcome.IN_SYSTEM)
NONE, WARM, PREWARMED, COLD, JOINED = (int(s) for s in Start)


class Call:
    """Class attributes are the values of a call that nothing has happened to yet; only what changes is stored."""

    _ok = True  # what SimPy asks of an event
    attempt = 0
    batch = -1
    begin = -1  # ns; likewise all times below
    due = -1
    start = NONE
    outcome = COMPLETED  # the outcome that its end will have
    container = None
    trigger = None  # the container whose start this call caused
    holding = False  # counts against the concurrency limits
    waiting = False
    patience = None  # the alarm of a waiting caller
    bound = None  # the invoker that it waits at, with early binding
    choice = None  # an allocation chosen when it arrived
    memory_mb = None  # allocation at the beginning, where there is more to say than the function's own
    cpu = None
    memory_now = None  # allocation now
    cpu_now = None
    cores = None  # reserved millionths of a core, None where nothing is accounted for
    progress = None  # its Work, where its speed may change
    time_out = None

    def __init__(self, id, deployed, source, event, arrival, draw):
        self.id = id
        self.deployed = deployed
        self.source = source
        self.event = event
        self.arrival = arrival
        self.need_memory = deployed.group.memory  # bytes, and millionths of a core, of its choice if there is one
        self.need_cores = deployed.cores
        self.work, self.cold_work, self.failed, self.start_phases, self.input_size = draw

    @property
    def function(self):
        return self.deployed.function

    @property
    def arrival_s(self):
        return self.arrival / NS_PER_S

    @property
    def service_s(self):
        work = self.work if isinstance(self.work, int) else sum(self.work)
        return work / NS_PER_S
