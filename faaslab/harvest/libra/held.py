"""What a running call holds under Libra, and what a monitor sees of it when that changes on the way."""

from dataclasses import dataclass, field

from faaslab.harvest.manager import Decided, Known
from faaslab.harvest.windows import window_peak
from faaslab.model.views import CallView


@dataclass(slots=True)
class Held:
    """One running call: on which server, what it holds (cores, units) and since when, and what it did before."""

    call: CallView
    known: Known
    decided: Decided
    server: int
    given: tuple[int, int]
    since_s: float
    at_user: bool = True  # it has never held anything but its user's configuration
    memory_peak: float = 0.0
    pieces: list[tuple[float, float]] = field(default_factory=list)

    @property
    def user(self) -> tuple[int, int]:
        """What its user configured: cores, units."""
        return self.known.cpu, self.known.memory

    @property
    def used(self) -> tuple[float, float]:
        """Cores and units that it uses of what it holds."""
        return self.call.function.speed.demand.peak(*self.given, self.call.input_size)

    def change(self, given: tuple[int, int], now_s: float) -> None:
        """It holds `given` from now."""
        self.close(now_s)
        self.given = given

    def close(self, now_s: float) -> None:
        """Note what it has used until now."""
        cpu, memory = self.used
        self.pieces.append((now_s - self.since_s, cpu))
        self.memory_peak = max(self.memory_peak, memory)
        self.at_user = self.at_user and self.given == self.user
        self.since_s = now_s

    @property
    def cpu_peak(self) -> float:
        """The largest window's mean so far, cores."""
        return window_peak(self.pieces)
