"""K nearest neighbours: points are classified by a vote of the training points that lie nearest to them.

Training and query points are drawn around the centres of classes. Exact search by distances to all training points;
blocks of queries are independent, hence parallel. A larger input has more queries. Left out: trees and other indices.
"""

import numpy as np
from fork_join import cores_of, fork_join, scaled, size_of

TRAINING, DIMENSIONS, CLASSES, NEIGHBOURS = 30_000, 32, 10, 15
BLOCK, BLOCKS = 100, 48  # queries in a block, blocks at size 1


def parts(size):
    """Independent parts of the work."""
    return scaled(BLOCKS, size)


def handler(event, context):
    """event: {"size", "cores", "seed"}, each optional. The answer has the share of queries classified rightly."""
    blocks = parts(size_of(event))
    rng = np.random.default_rng(event.get("seed", 1))
    centres = rng.standard_normal((CLASSES, DIMENSIONS), np.float32)
    points, classes = drawn(rng, centres, TRAINING)
    queries, truth = drawn(rng, centres, blocks * BLOCK)

    def block(number):
        return classified(queries[number * BLOCK : (number + 1) * BLOCK], points, classes)

    with cores_of(event) as workers:
        found = np.concatenate(fork_join(block, range(blocks), workers))
    return {
        "queries": len(queries),
        "right": round(float((found == truth).mean()), 6),
        "votes": np.bincount(found, minlength=CLASSES).tolist(),
    }


def drawn(rng, centres, count):
    """`count` points around the centres, and their classes."""
    classes = rng.integers(0, len(centres), count)
    return centres[classes] + 1.2 * rng.standard_normal((count, DIMENSIONS), np.float32), classes


def classified(queries, points, classes):
    """The class of each query: the most frequent among its nearest points, the smallest of equally frequent ones."""
    distances = (points**2).sum(axis=1) - 2 * (queries @ points.T)  # less the query's own square, the same for all
    nearest = np.argpartition(distances, NEIGHBOURS - 1, axis=1)[:, :NEIGHBOURS]
    votes = np.apply_along_axis(np.bincount, 1, classes[nearest], minlength=CLASSES)
    return votes.argmax(axis=1)
