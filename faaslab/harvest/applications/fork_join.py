"""Fork-join: independent parts of a call's work, done at once by processes that share the call's memory.

Threads of one interpreter do not compute at once, processes do. A forked process sees all that its parent has computed
without a copy; what it computes goes back through a pipe, or through memory that `shared` maps for both. Only pipes are
used: on AWS Lambda there is no /dev/shm, without which queues, locks and pools of processes do not work.

Source: AWS Compute Blog, "Parallel processing in Python with AWS Lambda" (2018). Left out: handing out parts one by
one (they are dealt out in turn beforehand), and systems that cannot fork, where one process does all.
"""

import mmap
import multiprocessing
import os
from contextlib import contextmanager

CAN_FORK = "fork" in multiprocessing.get_all_start_methods()


@contextmanager
def cores_of(event):
    """Run on as many cores as the event says, all that there are where it does not; gives the number of workers.

    event: {"cores": whole number >= 1, optional}. Where the machine has fewer, the workers share what there is.
    """
    there = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    cores = event.get("cores", len(there) or os.cpu_count() or 1)
    if isinstance(cores, bool) or not isinstance(cores, int) or cores < 1:
        raise ValueError(f"cores: expected a whole number >= 1, got {cores!r}")
    if there:
        os.sched_setaffinity(0, there[:cores])
    try:
        yield cores if CAN_FORK else 1
    finally:
        if there:
            os.sched_setaffinity(0, there)


def size_of(event) -> float:
    """The input's size, 1 where the event does not say."""
    size = event.get("size", 1.0)
    if isinstance(size, bool) or not isinstance(size, (int, float)) or not 0 < size <= 100:
        raise ValueError(f"size: expected a number above 0 and up to 100, got {size!r}")
    return float(size)


def scaled(count: float, size: float) -> int:
    """`count` things at size 1 are so many at this size, at least one."""
    return max(1, round(count * size))


def fork_join(work, parts, workers: int) -> list:
    """[work(part) for part in parts], done by up to `workers` processes, this one included.

    RuntimeError where a part fails, with what it said; the others are ended.
    """
    parts = list(parts)
    workers = min(workers, len(parts))
    if workers <= 1:
        return [work(part) for part in parts]
    fork = multiprocessing.get_context("fork")
    answers = [None] * len(parts)
    children = []
    try:
        for first in range(1, workers):
            receiver, sender = fork.Pipe(duplex=False)
            child = fork.Process(target=_share, args=(work, parts[first::workers], sender, first), daemon=True)
            child.start()
            sender.close()
            children.append((child, receiver))
        with pinned(0):
            answers[0::workers] = [work(part) for part in parts[0::workers]]
        for first, (child, receiver) in enumerate(children, start=1):
            answers[first::workers] = _received(child, receiver)
    finally:
        for child, receiver in children:
            receiver.close()
            child.terminate()  # has no effect on one that has ended
            child.join()
    return answers


@contextmanager
def pinned(worker: int):
    """Worker number `worker` stays on a core of its own meanwhile, as long as there are enough; where the system is
    left to choose, it may keep two that wake each other on one core."""
    there = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if there:
        os.sched_setaffinity(0, [there[worker % len(there)]])
    try:
        yield
    finally:
        if there:
            os.sched_setaffinity(0, there)


def _share(work, parts, sender, worker):
    try:
        with pinned(worker):
            answer = [work(part) for part in parts], None
    except Exception as error:
        answer = None, f"{type(error).__name__}: {error}"
    sender.send(answer)
    sender.close()


def _received(child, receiver):
    try:
        answers, error = receiver.recv()
    except EOFError:
        child.join()
        raise RuntimeError(f"a worker ended with exit code {child.exitcode}") from None
    if error is not None:
        raise RuntimeError(f"a worker failed: {error}")
    child.join()
    return answers


def shared(shape, dtype):
    """A NumPy array of zeros in memory that forked processes write to as well."""
    import numpy as np

    count = int(np.prod(shape))
    return np.frombuffer(mmap.mmap(-1, max(1, count * np.dtype(dtype).itemsize)), dtype, count).reshape(shape)
