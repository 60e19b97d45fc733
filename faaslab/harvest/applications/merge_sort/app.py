"""Merge sort: runs are sorted in parallel, then merged by pairs, fewer and fewer at once, the last by one process.

Bottom-up merge sort in plain Python. The last merges limit the speed-up, however many cores there are (Amdahl).
A larger input has more numbers in the same number of runs. Left out: a parallel merge.
"""

import hashlib
import random
from array import array

from fork_join import cores_of, fork_join, scaled, size_of

NUMBERS, RUNS = 400_000, 8


def parts(size):
    """Independent parts of the work."""
    return RUNS


def handler(event, context):
    """event: {"size", "cores", "seed"}, each optional. The answer has the ends, the middle and a hash of the sorted."""
    rng = random.Random(event.get("seed", 1))
    count = RUNS * scaled(NUMBERS / RUNS, size_of(event))
    numbers = array("q", [rng.getrandbits(40) for _ in range(count)])
    with cores_of(event) as workers:
        result = merge_sorted(numbers, RUNS, workers)
    return {
        "count": count,
        "smallest": result[0],
        "middle": result[count // 2],
        "largest": result[-1],
        "sha256": hashlib.sha256(result.tobytes()).hexdigest(),
    }


def merge_sorted(numbers, runs, workers):
    """The numbers (array "q") in order. runs: a power of 2 of equally long ones."""
    length = len(numbers) // runs
    sorted_runs = fork_join(
        lambda k: array("q", sorted_run(numbers[k * length : (k + 1) * length].tolist())), range(runs), workers
    )
    while len(sorted_runs) > 1:
        pairs = list(zip(sorted_runs[0::2], sorted_runs[1::2], strict=True))
        sorted_runs = fork_join(lambda pair: array("q", merged(pair[0].tolist(), pair[1].tolist())), pairs, workers)
    return sorted_runs[0]


def sorted_run(numbers):
    """Merge sort of a list, from runs of one number up."""
    runs = [[number] for number in numbers] or [[]]
    while len(runs) > 1:
        runs = [merged(*runs[k : k + 2]) if k + 1 < len(runs) else runs[k] for k in range(0, len(runs), 2)]
    return runs[0]


def merged(left, right):
    """Two sorted lists as one."""
    result, i, j = [], 0, 0
    append, lefts, rights = result.append, len(left), len(right)
    while i < lefts and j < rights:
        if left[i] <= right[j]:
            append(left[i])
            i += 1
        else:
            append(right[j])
            j += 1
    result += left[i:] or right[j:]
    return result
