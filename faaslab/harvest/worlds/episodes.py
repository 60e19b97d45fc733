"""Episodes: small worlds to train in, as many different ones as there are seeds.

Chapter "FaaSRM". Source: H. Yu et al., arXiv 2108.12717 and its code: functions with at most 10 calls a minute, ten of
them drawn at random, 20 to 40 calls in all (their mean is 26.7), and minutes re-read as seconds, so that an episode
lasts 60 s. The authors draw from the whole trace, where most functions are called a few times an hour at most; the
sample at hand has none with fewer than ten calls, so that an episode here is five minutes of it, each re-read as 12 s.

What is held out never occurs in training: neither the functions nor the minutes (Sample.split).

Left out: functions that may run longer than an episode lasts (`longest_s`), whose load would not fall into it.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from faaslab.errors import InputError, number, whole
from faaslab.harvest.options import Options
from faaslab.harvest.worlds.sample import Sample, find_sample
from faaslab.harvest.worlds.world import World
from faaslab.streams import stream
from faaslab.workload.workload import Workload

ATTEMPTS = 1000


@dataclass(frozen=True)
class Episodes:
    """Call it with a seed to get a World: the same seed gives the same world.

    sample: what is drawn from; by default find_sample(). split: "train", "held out" or "all". functions: how many in an
    episode. calls: fewest and most in an episode. most_a_minute: functions called more often in any minute are left
    out. minutes: consecutive ones in an episode, each replayed in minute_s seconds. longest_s: functions whose longest
    duration is more are left out (None: none are).
    load: what the calls ask for at their users' configurations over the servers' cores: as many servers as come nearest
    to it within minutes * minute_s seconds, and that time stretched or shortened by what is missing. None leaves the
    time as it is, on `servers` servers. With both given there are that many servers, and only the time is adapted.
    """

    sample: Sample | None = None
    split: str = "train"
    functions: int = 10
    calls: tuple[int, int] = (20, 40)
    most_a_minute: int = 10
    minutes: int = 5
    minute_s: float = 12.0
    longest_s: float | None = 60.0
    load: float | None = 0.5
    servers: int | None = None
    server_cpu: float = 8.0
    server_memory_mb: float = 2048.0
    options: Options = field(default_factory=Options)
    keep_alive_s: float = 600.0

    def __post_init__(self):
        whole(self.functions, "episodes, functions", minimum=1)
        fewest, most = self.calls
        whole(most, "episodes, calls, most", minimum=whole(fewest, "episodes, calls, fewest", minimum=1))
        number(self.minute_s, "episodes, minute_s", above=0)
        if self.longest_s is not None:
            number(self.longest_s, "episodes, longest_s", above=0)
        if self.load is not None:
            number(self.load, "episodes, load", above=0)
        elif self.servers is None:
            raise InputError("episodes: expected a load, a number of servers, or both; got neither")
        if self.servers is not None:
            whole(self.servers, "episodes, servers", minimum=1)
        whole(self.minutes, "episodes, minutes", minimum=1, maximum=self._pool.minutes)
        if len(self._pool) < self.functions:
            raise InputError(
                f"episodes, functions: expected at most the {len(self._pool)} that the split {self.split!r} has within "
                f"the limits, got {self.functions}"
            )

    @classmethod
    def larger(cls, **changes) -> "Episodes":
        """Thirty functions, 250 to 350 calls, and capacity that is scarce: a load of 1."""
        return cls(**{"functions": 30, "calls": (250, 350), "minutes": 10, "minute_s": 6.0, "load": 1.0} | changes)

    @cached_property
    def _pool(self) -> Sample:
        """The functions and minutes of the split within the limits."""
        sample = (find_sample() if self.sample is None else self.sample).split(self.split)
        within = sample.counts.max(axis=1, initial=0) <= self.most_a_minute
        if self.longest_s is not None:
            within &= sample.longest_s <= self.longest_s
        return sample.rows(within)

    @cached_property
    def _before(self):
        """Calls of each function before each minute, shape (functions, minutes + 1)."""
        counts = self._pool.counts
        return np.concatenate([np.zeros((len(counts), 1), np.int64), counts.cumsum(axis=1)], axis=1)

    @cached_property
    def _made(self):
        """(position, ideal) -> (Function, its core-seconds a call), made when first drawn."""
        return {}

    def __call__(self, seed: int) -> World:
        """The episode of this seed; InputError where no draw has as many calls as wanted."""
        rng = stream(seed, "episode", self.split)
        first, chosen = self._draw(rng)
        ideals = self._pool.ideals
        kinds = rng.integers(ideals.shape[1], size=len(chosen)).tolist()
        deployed, arrivals, work = [], {}, 0.0
        for at, kind in zip(chosen.tolist(), kinds, strict=True):
            function, core_s = self._function(at, int(ideals[at, kind]))
            minute = np.repeat(np.arange(self.minutes), self._pool.counts[at, first : first + self.minutes])
            times = minute + rng.random(len(minute))
            times.sort()
            deployed.append(function)
            arrivals[function.name] = times
            work += len(times) * core_s
        servers, duration_s = self._capacity(work)
        scale = duration_s / self.minutes
        return World(
            name=f"episode {seed}, {self.split}",
            workload=Workload(tuple(deployed), {name: times * scale for name, times in arrivals.items()}),
            options=self.options,
            duration_s=duration_s,
            servers=servers,
            server_cpu=self.server_cpu,
            server_memory_mb=self.server_memory_mb,
            keep_alive_s=self.keep_alive_s,
        )

    def _draw(self, rng):
        """First minute and the functions' positions: the first draw with as many calls as wanted."""
        fewest, most = self.calls
        for _ in range(ATTEMPTS):
            first = int(rng.integers(self._pool.minutes - self.minutes + 1))
            calls = self._before[:, first + self.minutes] - self._before[:, first]
            called = calls.nonzero()[0]
            if len(called) >= self.functions:
                chosen = rng.choice(called, self.functions, replace=False)
                if fewest <= calls[chosen].sum() <= most:
                    return first, chosen
        raise InputError(
            f"episodes, calls: expected that {self.functions} functions have {fewest} to {most} calls in "
            f"{self.minutes} minutes; none of {ATTEMPTS} draws from {self._pool.source}, {self.split!r}, had"
        )

    def _function(self, at, ideal):
        made = self._made.get((at, ideal))
        if made is None:
            function = self._pool.function(at, ideal, self.options)
            made = self._made[at, ideal] = function, function.cpu * function.speed.own_s
        return made

    def _capacity(self, work):
        """Servers, and seconds that the episode lasts, for so many core-seconds."""
        duration_s = self.minutes * self.minute_s
        if self.load is None:
            return self.servers, duration_s
        wanted = work / self.load / self.server_cpu  # server-seconds
        servers = max(1, round(wanted / duration_s)) if self.servers is None else self.servers
        return servers, wanted / servers
