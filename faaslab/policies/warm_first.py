"""Warm first: prefer the invokers that hold an idle container of the call's group, then follow another placement.

It matters where calls are bound to an invoker before a container is free for them (early binding); where the controller
binds late, an idle container is found before placement is asked. Source: our wrapper for the common rule.
"""

from faaslab.errors import InputError


class WarmFirst:
    """Puts the invokers with an idle container of the group first, both parts in the order of `fallback`."""

    def __init__(self, fallback):
        if not hasattr(fallback, "order"):
            raise InputError(f"warm first, fallback: expected a placement policy, got {fallback!r}")
        self.fallback = fallback

    def reset(self, seed):
        self.fallback.reset(seed)

    def order(self, function, invokers):
        order = list(self.fallback.order(function, invokers))
        return sorted(order, key=lambda invoker: not invoker.idle_of(function.group))

    def overflow(self, function, invokers):
        if hasattr(self.fallback, "overflow"):
            return self.fallback.overflow(function, invokers)
        return next(iter(self.order(function, invokers)))
