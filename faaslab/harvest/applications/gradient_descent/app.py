"""Gradient descent: logistic regression on data that workers share out, one gradient of each a step.

Data parallel: every worker holds a shard and stays for all steps; each step it gets the weights, gives the gradient of
its shard, and waits for the next. The shards are always the same, so that the sums are too, whatever the number of
workers. A larger input has more rows. Left out: mini-batches, momentum, a line search.
"""

import multiprocessing

import numpy as np
from fork_join import cores_of, pinned, scaled, size_of

ROWS, FEATURES, SHARDS = 120_000, 64, 4
STEPS, RATE = 300, 2.0


def parts(size):
    """Independent parts of the work."""
    return SHARDS


def handler(event, context):
    """event: {"size", "cores", "seed"}, each optional. The answer has the loss before and after, and the accuracy."""
    rng = np.random.default_rng(event.get("seed", 1))
    x, y = drawn(rng, SHARDS * scaled(ROWS / SHARDS, size_of(event)))
    shards = list(zip(np.split(x, SHARDS), np.split(y, SHARDS), strict=True))
    with cores_of(event) as workers, Gradients(shards, workers) as gradients, pinned(0):
        weights = np.zeros(FEATURES, np.float32)
        first = loss(weights, x, y)
        for _ in range(STEPS):
            weights -= np.float32(RATE) * gradients(weights) / np.float32(len(x))
    right = ((x @ weights > 0) == (y > 0.5)).mean()
    return {
        "rows": len(x),
        "loss_before": round(float(first), 6),
        "loss": round(float(loss(weights, x, y)), 6),
        "right": round(float(right), 6),
    }


def drawn(rng, rows):
    """Features, rows x FEATURES, and labels 0 or 1 that follow a logistic law with random weights."""
    x = rng.standard_normal((rows, FEATURES), np.float32)
    chance = logistic(x @ rng.standard_normal(FEATURES, np.float32))
    return x, (rng.random(rows, np.float32) < chance).astype(np.float32)


def logistic(z):
    return 1 / (1 + np.exp(-z))


def loss(weights, x, y):
    """The mean of -log of the probability that the model gives to what was the case."""
    z = x @ weights
    return (np.logaddexp(np.float32(0), z) - y * z).mean()


def gradient(weights, shard):
    """The gradient of the sum of a shard's losses."""
    x, y = shard
    return x.T @ (logistic(x @ weights) - y)


class Gradients:
    """Called with weights: the sum of the gradients of all shards, computed by `workers` processes, this one included.

    A context manager: the others end with it. RuntimeError where one has ended before.
    """

    def __init__(self, shards, workers):
        self.shards = shards
        self.workers = min(workers, len(shards))
        self.children = []

    def __enter__(self):
        if self.workers > 1:
            fork = multiprocessing.get_context("fork")
            for first in range(1, self.workers):
                ours, theirs = fork.Pipe()
                child = fork.Process(
                    target=_serve, args=(self.shards[first :: self.workers], theirs, first), daemon=True
                )
                child.start()
                theirs.close()
                self.children.append((child, ours))
        return self

    def __call__(self, weights):
        found = [None] * len(self.shards)
        try:
            for _, pipe in self.children:
                pipe.send_bytes(weights)
            found[0 :: self.workers] = [gradient(weights, shard) for shard in self.shards[0 :: self.workers]]
            for first, (_, pipe) in enumerate(self.children, start=1):
                sent = np.frombuffer(pipe.recv_bytes(), np.float32).reshape(-1, len(weights))
                found[first :: self.workers] = list(sent)
        except (EOFError, BrokenPipeError, ConnectionResetError):
            raise RuntimeError("a worker has ended") from None
        return sum(found)

    def __exit__(self, *error):
        for child, pipe in self.children:
            pipe.close()  # it reads the end, and ends
            child.terminate()
            child.join()


def _serve(shards, pipe, worker):
    with pinned(worker):
        while True:
            try:
                weights = np.frombuffer(pipe.recv_bytes(), np.float32)
            except EOFError:
                return
            pipe.send_bytes(np.concatenate([gradient(weights, shard) for shard in shards]))
