"""No keep-alive: a container ends as soon as no call is left in it, so that every call that finds none starting is
cold.

Chapter "Cold and warm starts". The baseline: no memory is idle. A call that waits when a container becomes free is
still served by it. Under memory pressure another policy can have more cold starts. Source: our baseline.
"""

from faaslab.model.policies import Keep

AT_ONCE = Keep(0.0)


class NoKeepAlive:
    """Keeps nothing."""

    def reset(self, seed):
        pass

    def on_idle(self, container, group, now_s):
        return AT_ONCE

    def eviction_key(self, container, group):
        return container.idle_since_s
