"""A worker: the process of one container as the controller holds it.

Chapter "A cloud on your laptop". Left out: everything that the worker says through the Runtime API.
"""

import os

from faaslab.runtime.sandbox import processes
from faaslab.runtime.sandbox.process_usage import Usage


class Worker:
    """pid; spawned_ns, the monotonic instant when its process was asked for; from_stem, whether a standby process
    became it; output_fd, the non-blocking end of the pipe with what its processes print. Closed by `close`."""

    def __init__(self, container_id, pid, spawned_ns, output_fd, starter, *, from_stem=False):
        self.container_id = container_id
        self.pid = pid
        self.spawned_ns = spawned_ns
        self.output_fd = output_fd
        self.from_stem = from_stem
        self.status = None  # text, once it has ended
        self._starter = starter
        self._usage = Usage(pid, lambda: starter.orphans_of(container_id))
        self._callbacks = []

    def on_exit(self, callback):
        """callback(status text) when the process has ended; at once where it has already."""
        if self.status is None:
            self._callbacks.append(callback)
        else:
            callback(self.status)

    def ended(self, status: str):
        """The starter has seen its end. What it left behind goes too."""
        if self.status is None:
            self.status = status
            processes.kill_tree(0, self.container_id, self._starter.known)
            callbacks, self._callbacks = self._callbacks, []
            for callback in callbacks:
                callback(status)

    def kill(self):
        """End the process and all that it started, at once; its exit is told through on_exit."""
        processes.kill_tree(0 if self.status else self.pid, self.container_id, self._starter.known)

    def memory_mb(self) -> float:
        """PSS of its processes now, in MB."""
        return 0.0 if self.status else self._usage.memory_mb()

    def note_memory(self) -> float:
        """The most memory that was seen in it, in MB; some ten microseconds where nothing has changed."""
        return self._usage.note_memory()

    def cpu_at_begin_s(self) -> float:
        """The same between two calls, when only the worker itself can have run."""
        return self._usage.cpu_at_begin_s()

    def cpu_s(self) -> float:
        """Processor time that its processes have used, in seconds."""
        return self._usage.cpu_s()

    def close(self):
        """Close the files through which it was watched."""
        self._usage.close()
        if self.output_fd >= 0:
            os.close(self.output_fd)
            self.output_fd = -1
