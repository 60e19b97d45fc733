"""Sharing an invoker's cpu: water-filling.

Work that runs at once shares the cores in proportion to its weight, but none gets more than its own limit; what the
limited ones leave over is shared by the rest. Left out: the scheduler's time slices, caches, and the cost of switching.
"""


def water_fill(capacity: float, weights: list[float], limits: list[float]) -> list[float]:
    """Cores for each piece of work, same order: sums to min(capacity, sum of limits), never above a limit.

    Raise the level until the cores are used up: whoever reaches the limit earliest (limit / weight) is settled first.
    """
    shares = [0.0] * len(weights)
    left, weight_left = capacity, sum(weights)
    for i in sorted(range(len(weights)), key=lambda i: limits[i] / weights[i]):
        shares[i] = min(limits[i], left * weights[i] / weight_left)
        left -= shares[i]
        weight_left -= weights[i]
    return shares
