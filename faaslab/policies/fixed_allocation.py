"""Fixed allocation: each call gets what its function is configured with, from beginning to end.

What today's platforms do. The baseline of the allocators.
"""


class FixedAllocation:
    """The function's own cpu and memory."""

    period_s = None

    def reset(self, seed):
        pass

    def allocate(self, call, invoker, now_s):
        return None
