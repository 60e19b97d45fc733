"""Fixed keep-alive window: an idle container lives a fixed time, whatever the function.

Chapter "Cold and warm starts". Source: what the large providers were seen to do, M. Shahrad et al., "Serverless in the
Wild", USENIX ATC 2020, section 2 (10 minutes on AWS, 20 on Azure at the time). Left out: that providers vary the window
with load and do not promise it.
"""

from faaslab.errors import number
from faaslab.model.policies import Keep


class FixedWindow:
    """Keeps each idle container for `window_s` seconds (>= 0); infinity keeps it until its memory is needed.

    Where memory is needed earlier, the least recently used container goes first. InputError for a negative window or
    NaN.
    """

    def __init__(self, window_s):
        self.window_s = number(window_s, "keep-alive window, seconds", minimum=0, finite=False)
        self._keep = Keep(self.window_s)

    def reset(self, seed):
        pass

    def on_idle(self, container, group, now_s):
        return self._keep

    def eviction_key(self, container, group):
        return container.idle_since_s
