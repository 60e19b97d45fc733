"""A container as the dispatcher sees it: starting -> idle <-> busy -> gone, holding its memory all the time."""

from faaslab.model.result import Gone
from faaslab.units import BYTES_PER_MB, NS_PER_S

STARTING, READY, GONE = range(3)


class Container:
    """One container; it takes one call at a time. Times in ns of the host's clock, -1 for never."""

    state = STARTING
    ready = -1
    gone = -1
    gone_why = int(Gone.ALIVE)
    call = None  # the call in it
    uses = 0
    idle_since = -1
    expires = None  # None: never
    rings = None  # when its alarm is set to ring, None where it is not set
    keep = None  # a Keep that replaces the policy's first decision, for a container started ahead
    draining = False
    provisioned = False
    from_stem = False  # the host may set it while it starts: a process that stood prewarmed has become this container
    caller = None  # the call that triggered its start
    start_limit = None  # the alarm that ends its start
    asked = False  # the host has been asked to start it
    row = -1  # in the ledger of the present measurement
    counted = 0  # uses in the present measurement
    invoker_id = 0

    def __init__(self, id, group, cause, created):
        self.id = id
        self.group = group
        self.function = group.function
        self.memory = group.memory  # bytes
        self.cause = int(cause)
        self.created = created
        self.phases = (0, 0, 0, 0)

    @property
    def calls(self):
        return 0 if self.call is None else 1

    @property
    def memory_mb(self):
        return self.memory / BYTES_PER_MB

    @property
    def group_name(self):
        return self.group.name

    @property
    def start_s(self):
        return sum(self.phases) / NS_PER_S

    @property
    def idle_since_s(self):
        return self.group.clock.seconds(self.idle_since)

    @property
    def state_name(self):
        """starting, idle, busy or gone."""
        if self.state == READY:
            return "idle" if self.call is None else "busy"
        return "starting" if self.state == STARTING else "gone"
