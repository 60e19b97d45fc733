"""Lending: running calls keep what their functions are configured with, and lend one another what they do not use.

For an allocator whose `lends` is true: every call reserves its function's own cores and memory from its beginning to
its end, so that nothing that is lent can be promised to a new call, and an allocation only says what the call may use.
The calls of an invoker may never use more, taken together, than they have reserved there.
Source: Libra's harvest pool (H. Yu et al., HPDC 2023).
"""

from faaslab.errors import InputError
from faaslab.units import BYTES_PER_MB, memory_bytes, microcores


class Lending:
    """Net of what the calls of an invoker use beyond what they reserve: [millionths of a core, bytes], never above
    0."""

    def __init__(self):
        self._net = {}
        self._changed = {}

    def change(self, call, allocation):
        """The call may use this allocation from now; checked by `check` once all changes of an instant are known."""
        net = self._of(call)
        net[0] += microcores(allocation.cpu) - microcores(call.cpu_now)
        net[1] += memory_bytes(allocation.memory_mb) - memory_bytes(call.memory_now)

    def end(self, call):
        """The call is over: what it lent or had borrowed no longer counts."""
        net, function = self._of(call), call.deployed.function
        net[0] -= microcores(call.cpu_now) - microcores(function.cpu)
        net[1] -= memory_bytes(call.memory_now) - memory_bytes(function.memory_mb)

    def _of(self, call):
        invoker = call.container.invoker
        self._changed[invoker] = None
        return self._net.setdefault(invoker, [0, 0])

    def check(self):
        """InputError where the calls of an invoker use more than they have reserved."""
        for invoker in self._changed:
            cores, memory = self._net[invoker]
            if cores > 0 or memory > 0:
                raise InputError(
                    f"allocator that lends: expected calls on invoker {invoker.id} to use no more than they have "
                    f"reserved, got {max(0, cores) / 1e6:g} cores and {max(0, memory) / BYTES_PER_MB:g} MB more"
                )
        self._changed.clear()
