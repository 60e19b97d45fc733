"""Libra's safeguard: a harvested call that comes near its allocation gets its user's configuration back while it runs.

A monitor looks every 0.1 s at what each call uses of what was harvested from; at `threshold` times the allocation or
more, both resources are restored, and loans of what is restored end at the same moment. Use is constant while an
allocation is, so that one look says whether a call will ever be restored, and from when.
Source: Libra (H. Yu et al., HPDC 2023), safeguard; that both resources are restored together is from the authors' code.
Left out: the time that changing a container's limits takes.
"""

from faaslab.harvest.windows import WINDOW_S

THRESHOLD = 0.8


def restored_from_s(
    since_s: float,
    used: tuple[float, float],
    given: tuple[int, int],
    user: tuple[int, int],
    threshold: float = THRESHOLD,
) -> float | None:
    """When a monitor with windows of 0.1 s knows that the call must be restored; None for never.

    since_s: when the call began to hold `given` (cores, units of memory), of which it uses `used`; `user` is what its
    user configured.
    """
    near = any(has < own and use >= threshold * has for use, has, own in zip(used, given, user, strict=True))
    return since_s + WINDOW_S if near else None
