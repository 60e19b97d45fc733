"""The dispatcher's clock and its alarms.

The host's clock is read once at the beginning of each event, so that everything within one event happens at one
instant. Where the host gives equal instants to several alarms, it may ring them in the order of the simulator: by
`order`, then in the order in which they were set.
"""

from faaslab.units import NS_PER_S

END, READY, ARRIVAL, EXPIRY, TICK = range(5)  # the order of what happens at the same instant


class Clock:
    """now: ns of the host's clock at the present event. zero: the ns that policies see as time 0."""

    def __init__(self, host):
        self._host = host
        self.now = self.zero = host.now_ns()

    def look(self):
        """Read the host's clock; it never goes back here."""
        self.now = max(self.now, self._host.now_ns())

    @property
    def now_s(self):
        return (self.now - self.zero) / NS_PER_S

    def seconds(self, at_ns):
        """Seconds from zero to an instant of the host's clock."""
        return (at_ns - self.zero) / NS_PER_S


class Alarm:
    """One action at one instant, called by the host. A cancelled one does nothing, also if the host still calls it."""

    __slots__ = ("_act", "_handle", "_live", "order")

    def __init__(self, host, act, order, at_ns):
        self._act = act
        self.order = order
        self._live = True
        self._handle = host.call_at(at_ns, self)

    def __call__(self):
        if self._live:
            self._live = False
            self._act()

    def cancel(self):
        if self._live:
            self._live = False
            self._handle.cancel()
