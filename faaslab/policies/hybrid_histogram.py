"""Hybrid histogram: learn from an application's idle times when to unload it, when to load it again and how long to
keep it.

Each group (an application) has a histogram of its idle times, from its last end to its next arrival, in 240 bins of one
minute. Its 5th percentile is the head, its 99th the tail, rounded outwards to whole bins. After the group's last end
its containers are unloaded, one is started ahead after 0.9 * head, and it is kept until 1.1 * tail. Where the head is
in the first bin nothing is unloaded. Where the histogram says little, containers are kept for its whole range (4
hours): while it has too few samples, while its bin counts are too even (coefficient of variation below 2), and where
more than half of the idle times lie beyond its range.

Source: M. Shahrad et al., "Serverless in the Wild", USENIX ATC 2020, section 4. The paper gives neither a minimum of
samples nor the share out of bounds: `min_samples` is our choice, and needed, since fewer than 49 samples pass the CV
test wherever they fall (240 / n - 1 >= 2**2); one half is the choice of later re-implementations. Left out: the ARIMA
model by which the paper treats applications with idle times beyond the range (here: kept for the range), and saving
histograms.
"""

import math

import numpy as np

from faaslab.errors import number, whole
from faaslab.model.policies import Keep
from faaslab.units import ns, seconds


class Histogram:
    """Counts of idle times in `bins` bins of `bin_s` seconds, and of those beyond them."""

    def __init__(self, bins, bin_s):
        self.counts = np.zeros(bins, dtype=np.int64)
        self.bin_s = bin_s
        self.inside = 0
        self.outside = 0
        self._squares = 0

    def add(self, idle_s):
        """Count one idle time in seconds (>= 0)."""
        k = int(idle_s // self.bin_s)
        if k >= len(self.counts):
            self.outside += 1
            return
        self._squares += 2 * int(self.counts[k]) + 1
        self.counts[k] += 1
        self.inside += 1

    @property
    def cv(self):
        """Coefficient of variation of the bin counts, NaN where all are zero: 0 is flat, large is peaked."""
        if not self.inside:
            return math.nan
        return math.sqrt(max(0.0, len(self.counts) * self._squares / self.inside**2 - 1))

    def percentile_bin(self, percent):
        """Index of the first bin up to which at least `percent` percent of the counted idle times lie."""
        rank = max(1, math.ceil(percent / 100 * self.inside))
        return int(np.searchsorted(np.cumsum(self.counts), rank))


class HybridHistogram:
    """Keep-alive and pre-warming by application.

    bins, bin_s: the histogram's range. head_percent, tail_percent: its percentiles. margin: share by which the window
    is widened on both sides. cv_limit: the least CV of the bin counts. out_of_bounds_limit: the largest share beyond
    the range. min_samples: idle times that must have been seen. InputError where one lies outside its range.
    """

    def __init__(
        self,
        bins=240,
        bin_s=60.0,
        head_percent=5.0,
        tail_percent=99.0,
        margin=0.1,
        cv_limit=2.0,
        out_of_bounds_limit=0.5,
        min_samples=10,
    ):
        where = "hybrid histogram"
        self.bins = whole(bins, f"{where}, bins", minimum=1)
        self.bin_s = number(bin_s, f"{where}, bin_s", above=0)
        self.tail_percent = number(tail_percent, f"{where}, tail_percent", above=0, maximum=100)
        self.head_percent = number(head_percent, f"{where}, head_percent", minimum=0, maximum=self.tail_percent)
        self.margin = number(margin, f"{where}, margin", minimum=0, maximum=1)
        self.cv_limit = number(cv_limit, f"{where}, cv_limit", minimum=0)
        self.out_of_bounds_limit = number(out_of_bounds_limit, f"{where}, out_of_bounds_limit", minimum=0, maximum=1)
        self.min_samples = whole(min_samples, f"{where}, min_samples", minimum=1)
        self.range_s = self.bins * self.bin_s
        self.reset(0)

    def reset(self, seed):
        self._histograms = {}
        self._idle_since = {}  # group -> time of its last end, while no call is in it
        self._keep_until = {}  # group -> when its containers expire, while no call is in it

    def histogram(self, group_name):
        """The Histogram of a group, empty before its first idle time."""
        return self._histograms.setdefault(group_name, Histogram(self.bins, self.bin_s))

    def window(self, group_name):
        """(head_s, tail_s) with their margins: start ahead so long after the last end, keep until so long after it.

        head_s = 0 means that nothing is unloaded.
        """
        histogram = self.histogram(group_name)
        seen = histogram.inside + histogram.outside
        if (
            seen < self.min_samples
            or histogram.outside > self.out_of_bounds_limit * seen
            or not histogram.cv >= self.cv_limit
        ):
            return 0.0, self.range_s
        head = histogram.percentile_bin(self.head_percent) * self.bin_s
        tail = (histogram.percentile_bin(self.tail_percent) + 1) * self.bin_s
        return (1 - self.margin) * head, (1 + self.margin) * tail

    def on_arrival(self, call, group, now_s):
        last_end = self._idle_since.pop(group.name, None)
        if last_end is not None:
            self.histogram(group.name).add(seconds(ns(now_s) - ns(last_end)))

    def on_idle(self, container, group, now_s):
        name = group.name
        if name in self._idle_since:  # a start that ended with no call in the group: only what is left of the window
            return Keep(max(0.0, self._keep_until[name] - now_s))
        head_s, tail_s = self.window(name)
        if group.running or group.waiting:
            return Keep(tail_s)
        self._idle_since[name] = now_s
        self._keep_until[name] = now_s + tail_s
        if not head_s:
            return Keep(tail_s, whole_group=True)
        # The start takes time out of the window; the last one tells how much.
        ready_s = max(0.0, tail_s - head_s - container.start_s)
        return Keep(0.0, prewarm_after_s=head_s, prewarm_keep_s=ready_s, whole_group=True)

    def on_gone(self, container, group, now_s, evicted):
        # A time-out kills the container with its call: a last end that leaves nothing idle, and starts nothing ahead.
        killed = not evicted and container.uses and group.name not in self._idle_since
        if killed and not group.running and not group.waiting:
            self._idle_since[group.name] = now_s
            self._keep_until[group.name] = now_s + self.window(group.name)[1]

    def eviction_key(self, container, group):
        return container.idle_since_s
