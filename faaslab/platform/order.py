"""The order of what happens at the same instant.

Ends come first, then containers becoming ready, arrivals, expiries, and ticks of control loops; within a kind, what was
scheduled first. So a container idle for exactly its window is still warm for an arrival at that instant. The run's
horizon falls between readiness and arrivals: what ends at the horizon has ended, what would arrive there has not.
"""

END, READY, HORIZON, ARRIVAL, EXPIRY, TICK = range(6)


class Alarm:
    """One action at one instant, in the shape that SimPy's environment runs: it calls `callbacks` with the object.

    Cheaper than a simpy.Event, which carries a value and can fail; `live = False` cancels it.
    """

    __slots__ = ("act", "callbacks", "live")
    _ok = True

    def __init__(self, act):
        self.act = act
        self.live = True
        self.callbacks = (_ring,)


def _ring(alarm):
    if alarm.live:
        alarm.act()
