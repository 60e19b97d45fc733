"""A container: starting -> idle <-> busy -> gone, holding its memory from the beginning of its start to its end."""

from faaslab.model.result import Gone
from faaslab.units import BYTES_PER_MB, NS_PER_S

STARTING, READY, GONE = range(3)


class Container:
    """One container. Idle means ready with no call in it; busy, with at least one.

    Like a call, it is also what SimPy's environment runs when its keep-alive timer rings. There is one timer, armed
    lazily: it may ring early, and is then set anew for `expires`.
    """

    _ok = True
    state = STARTING
    ready = -1  # ns; likewise all times below
    gone = -1
    gone_why = int(Gone.ALIVE)
    calls = 0
    uses = 0
    idle_since = -1
    expires = None  # None: never
    rings = None  # when its timer is set to ring, None where it is not set
    keep = None  # a Keep that replaces the policy's first decision, for a container started ahead
    draining = False
    provisioned = False
    from_stem = False
    caller = None  # the call that triggered its start
    start_alarm = None  # its start's time-out
    start_work = None  # its start's Work, where cpu is shared
    stocked = -1  # when it was ready as a stem cell
    stem_cell = None  # the StemCell that it was, or is
    call = None  # the call in it, where it serves one at a time
    running = None  # the calls in it, where it serves several

    def __init__(self, id, group, invoker, memory, cause, created):
        self.id = id
        self.group = group
        self.invoker = invoker
        self.memory = self.first_memory = memory  # bytes
        self.cause = cause
        self.created = created
        self.phases = [0, 0, 0, 0]

    @property
    def memory_mb(self):
        return self.memory / BYTES_PER_MB

    def calls_in_it(self):
        """The calls that run in it now."""
        if self.running is not None:
            return list(self.running)
        return [self.call] if self.calls else []

    @property
    def invoker_id(self):
        return self.invoker.id

    @property
    def group_name(self):
        return self.group.name if self.group is not None else ""

    @property
    def start_s(self):
        return sum(self.phases) / NS_PER_S

    @property
    def idle_since_s(self):
        return self.idle_since / NS_PER_S
