"""A sequence of outside arrivals, scheduled one at a time."""

from faaslab.platform.order import ARRIVAL, Alarm
from faaslab.units import ns_array
from faaslab.workload.workload import check_times


class Schedule:
    """Calls `act(number)` at each of `times_s` (ascending seconds), up to the run's horizon."""

    def __init__(self, sim, times_s, name, act):
        self._sim = sim
        self._times = ns_array(check_times(times_s, name)).tolist()
        self._act = act
        self._next = 0
        self._arm()

    def _arm(self):
        if self._next < len(self._times):
            self._sim.schedule(Alarm(self._ring), ARRIVAL, self._times[self._next] - self._sim.env.now)

    def _ring(self):
        if self._sim.finished:
            return
        number = self._next
        self._next += 1
        self._arm()
        self._act(number)
