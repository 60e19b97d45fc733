"""Least loaded: the invoker with the fewest running calls first.

Source: the field's standard rule (join the shortest queue, without queues). Load is the number of running calls;
containers that start, idle containers and calls that wait do not count, and invokers of different size are not
weighted. Ties go to the smaller number.
"""


class LeastLoaded:
    """Orders the invokers by their running calls."""

    def reset(self, seed):
        pass

    def order(self, function, invokers):
        return sorted(invokers, key=lambda invoker: (invoker.running, invoker.id))
