"""Placement by hash with coprime steps: OpenWhisk's sharding balancer.

Each function has a home invoker, hash mod n, and from there a walk of a fixed step through all of them, so that its
calls meet its warm containers again and two functions with one home part ways at the next step. The steps are pairwise
coprime and coprime to n, hence every walk visits every invoker once; which one a function has also follows from its
hash.

Source: Apache OpenWhisk, ShardingContainerPoolBalancer (release 1.0.0; master of 2026). The hash is Java's of the
namespace xor Java's of the full action name "namespace/action", without its sign. Left out: the separate partition of
invokers for "blackbox" (custom image) functions, unhealthy invokers, and the division of memory among several
controllers.
"""

from functools import lru_cache
from math import gcd

import numpy as np

from faaslab.errors import InputError, whole


def java_hash(text: str) -> int:
    """Java's String.hashCode: sum of unit * 31**(rest) over the UTF-16 units, as a signed 32-bit number."""
    units = text.encode("utf-16-be")
    value = 0
    for i in range(0, len(units), 2):
        value = (31 * value + (units[i] << 8 | units[i + 1])) & 0xFFFFFFFF
    return value - (1 << 32) if value >> 31 else value


def action_hash(name: str, namespace: str = "guest") -> int:
    """OpenWhisk's hash of an action, >= 0."""
    return abs(java_hash(namespace) ^ java_hash(f"{namespace}/{name}"))


@lru_cache
def coprime_steps(n: int) -> tuple[int, ...]:
    """The whole numbers from 1 to n, each kept if it is coprime to n and to all kept before; n >= 1."""
    steps: list[int] = []
    for step in range(1, whole(n, "number of invokers", minimum=1) + 1):
        if gcd(step, n) == 1 and all(gcd(step, other) == 1 for other in steps):
            steps.append(step)
    return tuple(steps)


def walk(hash_value: int, n: int) -> list[int]:
    """All n indices in the order in which a function of that hash tries them."""
    steps = coprime_steps(n)
    step = steps[hash_value % len(steps)]
    return [(hash_value + k * step) % n for k in range(n)]


class Hashed:
    """Walks from the function's home invoker; a call that finds no room anywhere goes to a random one."""

    def __init__(self, namespace="guest"):
        if not isinstance(namespace, str):
            raise InputError(f"hashed placement, namespace: expected a text, got {namespace!r}")
        self.namespace = namespace
        self.reset(0)

    def reset(self, seed):
        self._rng = np.random.default_rng(seed)
        self._walks = {}

    def order(self, function, invokers):
        key = function.name, len(invokers)
        if key not in self._walks:
            self._walks[key] = walk(action_hash(function.name, self.namespace), len(invokers))
        return map(invokers.__getitem__, self._walks[key])

    def overflow(self, function, invokers):
        return invokers[int(self._rng.integers(len(invokers)))]
