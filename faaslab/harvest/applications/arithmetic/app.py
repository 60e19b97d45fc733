"""Arithmetic: integer operations in plain Python, which keep the arithmetic unit busy and nothing else.

A linear congruential generator makes numbers; each is mixed by additions, multiplications, divisions and shifts. Blocks
of numbers have seeds of their own, so that they are independent, hence parallel. A larger input has more blocks.
"""

from fork_join import cores_of, fork_join, scaled, size_of

BLOCKS, BLOCK = 48, 100_000
MASK = (1 << 64) - 1
MULTIPLIER, INCREMENT = 6_364_136_223_846_793_005, 1_442_695_040_888_963_407  # D. Knuth's MMIX generator


def parts(size):
    """Independent parts of the work."""
    return scaled(BLOCKS, size)


def handler(event, context):
    """event: {"size", "cores", "seed"}, each optional. The answer has the number of rounds and their checksum."""
    seed, blocks = event.get("seed", 1), parts(size_of(event))
    with cores_of(event) as workers:
        sums = fork_join(lambda block: mixed(seed + block, BLOCK), range(blocks), workers)
    return {"rounds": blocks * BLOCK, "checksum": sum(sums) & MASK}


def mixed(seed, rounds):
    """The checksum of one block, 64 bits."""
    state, total = seed, 0
    for _ in range(rounds):
        state = (state * MULTIPLIER + INCREMENT) & MASK
        total = (total + (state ^ state >> 29) // ((state >> 59) + 1)) & MASK
    return total
