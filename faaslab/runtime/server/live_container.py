"""A container for real: the worker process, its Runtime API, its clock and its memory.

It carries out what the dispatcher decides about one container, and tells it what became of it. Chapter "A cloud on your
laptop". Left out: several calls in one container.
"""

import asyncio
import json
import time

from faaslab.errors import InputError
from faaslab.model.result import Gone, Outcome
from faaslab.runtime.report import Report, phases_in_seconds
from faaslab.runtime.sandbox.container_files import remove_folder
from faaslab.runtime.server.logs import TAIL_BYTES
from faaslab.runtime.server.pipe_reader import PipeReader
from faaslab.runtime.server.runtime_api import RuntimeApi

MOST_PAYLOAD_BYTES = 6 * 2**20  # synchronous, in and out, as on Lambda
REMOVALS = 10  # tries to remove a container's folder, one a second
LONGEST_LINE_BYTES = 2**16  # in the log: longer ones are cut
STARTS = ("none", "warm", "prewarmed", "cold", "joined")  # by the numbers of model.result.Start


def error_json(kind: str, request_id: str, message: str) -> bytes:
    """The payload of a call that the platform itself ended."""
    return json.dumps({"errorType": kind, "errorMessage": f"RequestId: {request_id} Error: {message}"}).encode()


def _utc() -> str:
    """The time as it stands in Lambda's log lines."""
    now = time.time()
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now))}.{int(now * 1e3) % 1000:03d}Z"


class LiveContainer:
    """`controller` gives it the dispatcher, the starter, the clock and the log; `container` is the dispatcher's."""

    def __init__(self, controller, container, installed):
        self.controller = controller
        self.container = container
        self.installed = installed  # the deployment, its log and its ARN
        self.deployment = installed.deployment
        self.api = None
        self.worker = None
        self.call = None
        self.over = False  # the dispatcher knows that it is gone
        self.failure = None  # payload of an initialisation that failed
        self.status = None  # how the process ended by itself without a call in it
        self.folder = controller.state / "containers" / str(container.id)
        self.peak_mb = 0.0
        self.tail = b""
        self._line = b""  # printed, and not ended yet
        self._early = None  # what it said when it asked, where that was too early
        self._timer = None
        self._cleaned = False
        self._reports_init = True

    # --- starting ----------------------------------------------------------------------------------------------------

    async def start(self):
        """Make the folder, the server and the process; the rest follows when the worker speaks."""
        try:
            self.api = RuntimeApi(self, self.installed.arn)
            self.worker = await self.controller.starter.start(
                self.container.id, self.deployment, self.api.address, self.folder
            )
        except (OSError, InputError) as error:
            self._lost(json.dumps({"errorType": "Runtime.StartFailed", "errorMessage": str(error)}).encode())
            self._clean()
            return
        self.output = PipeReader(self.worker.output_fd, self._print)
        self.worker.output_fd = -1  # its reader closes it
        self.worker.on_exit(self._exited)
        if self.over:  # ended while it was being started
            self._kill()
        elif self._early is not None:
            self.asks(*self._early)

    def asks(self, phases):
        """The worker asks for its first event: the start is over."""
        if self.over:
            return
        if self.worker is None:  # a fork may be here before its zygote has told that there is one
            self._early = (phases,)
            return
        self.container.from_stem = self.worker.from_stem
        self.controller.dispatcher.ready(self.container, self._phases(phases))

    def _phases(self, said):
        """ns of the four phases of the start that is over now. said: what the worker measured, None for AWS's client,
        which does not say; then all after the process began counts as runtime."""
        now, begun, created = time.monotonic_ns(), self.worker.spawned_ns, self.container.created
        if not said:
            return begun - created, now - begun, 0, 0
        first, loading, dependencies, _ = (int(part) for part in said.split(","))
        if self.deployment.start != "spawn":
            begun = first  # of a process that was there already, only its becoming the container counts
        return begun - created, loading - begun, dependencies, now - loading - dependencies

    def why_not_started(self, call) -> bytes:
        """The payload for a call that waited for this start in vain."""
        if self.status is not None:
            return error_json("Runtime.ExitError", call.request_id, f"Runtime exited with error: {self.status}")
        limit = f"Init phase timed out after {self.deployment.init_timeout_s:.2f} seconds"
        return self.failure or error_json("Sandbox.Timedout", call.request_id, limit)

    def init_failed(self, payload, error_type):
        """The function could not be loaded."""
        self.failure = payload
        self._lost(payload)

    # --- a call ------------------------------------------------------------------------------------------------------

    def begin(self, call):
        """Hand the call to the worker; its time limit runs from now."""
        self.call = call
        self.tail = b""
        call.timeout_s = self.deployment.timeout_s
        call.cpu_s = -self.worker.cpu_at_begin_s()
        self._log(b"START RequestId: %s Version: $LATEST\n" % call.request_id.encode())
        self._timer = asyncio.get_running_loop().call_later(self.deployment.timeout_s, self._timed_out, call)
        self.api.give(call)

    def answered(self, request_id, payload, error):
        """The worker has posted the answer of the call in it."""
        call = self.call
        if call is None or self.over:
            return
        outcome = Outcome.COMPLETED if error is None else Outcome.FAILED
        if len(payload) > MOST_PAYLOAD_BYTES:
            message = f"Response payload size exceeded maximum allowed payload size ({MOST_PAYLOAD_BYTES} bytes)."
            payload = json.dumps({"errorType": "Function.ResponseSizeTooLarge", "errorMessage": message}).encode()
            outcome = Outcome.FAILED
        self.peak_mb = self.worker.note_memory()
        self._close_call(call, payload)
        self.controller.dispatcher.done(call, outcome)

    def _close_call(self, call, payload):
        """Stop the clock, write the log's last lines, and keep the report for the caller."""
        self.call = None
        self._timer.cancel()
        call.reply = payload
        call.cpu_s += self.worker.cpu_s()
        self._read_output()
        now = self.controller.now_ns()
        init = self._reports_init
        self._reports_init = False
        call.report = report = Report(
            request_id=call.request_id,
            start=STARTS[call.start],
            duration_s=(now - call.begin) / 1e9,
            wait_s=(call.begin - call.arrival) / 1e9,
            cpu_s=max(0.0, call.cpu_s),
            memory_mb=self.deployment.memory_mb,
            used_mb=round(self.peak_mb, 3),
            init_s=self.container.start_s if init else None,
            phases=phases_in_seconds(self.container.phases) if init else None,
        )
        self._log(f"END RequestId: {call.request_id}\n{report}\n".encode())
        call.log_tail = self.tail

    def _timed_out(self, call):
        if self.call is call and not self.over:
            message = f"Task timed out after {self.deployment.timeout_s:.2f} seconds"
            self._read_output()
            self._log(f"{_utc()} {call.request_id} {message}\n".encode())
            self._end_call(call, error_json("Sandbox.Timedout", call.request_id, message), Outcome.TIMED_OUT)

    def _end_call(self, call, payload, outcome):
        """The call ends with its container."""
        self.over = True
        self._close_call(call, payload)
        self._kill()
        self.controller.dispatcher.gone(self.container, Gone.KILLED, outcome)

    # --- its end -----------------------------------------------------------------------------------------------------

    def end(self):
        """The dispatcher has ended it: expired, evicted, drained, or its start took too long."""
        self.over = True
        self._kill()

    def lost(self):
        """The worker has closed the connection on which it waited for an event."""
        self._lost(None)

    def check_memory(self):
        """Kill it where its processes hold more memory than the function has."""
        if self.worker is None or self.over:
            return
        used = self.worker.memory_mb()
        self.peak_mb = max(self.peak_mb, used)
        if used > self.deployment.memory_mb:
            self._log(b"[faaslab] memory of %.0f MB exceeded: %.1f MB used\n" % (self.deployment.memory_mb, used))
            self._died("signal: killed")

    def _exited(self, status):
        if self.over:
            self._clean()
        else:
            self._died(status)
            self._clean()

    def _died(self, status):
        if self.over:
            return
        if self.call is not None:
            message = f"Runtime exited with error: {status}"
            payload = error_json("Runtime.ExitError", self.call.request_id, message)
            self._read_output()
            self._log(f"RequestId: {self.call.request_id} Error: {message}\nRuntime.ExitError\n".encode())
            self._end_call(self.call, payload, Outcome.FAILED)
        else:
            self.status = status
            self._lost(error_json("Runtime.ExitError", "-", f"Runtime exited with error: {status}"))

    def _lost(self, payload):
        """Gone without a call in it: while it started, or while it was idle."""
        if self.over:
            return
        if self.call is not None:
            self._died("the connection of the runtime was closed")
            return
        self.over = True
        self.failure = self.failure or payload
        if self.failure is not None and self.container.ready < 0:
            if self.worker is not None:
                self._read_output()  # why, in its own words, comes first
            self._log(b"[faaslab] the container could not be started: " + self.failure + b"\n")
        self._kill()
        self.controller.dispatcher.gone(self.container, Gone.KILLED, Outcome.FAILED)

    def _kill(self):
        if self._timer is not None:
            self._timer.cancel()
        if self.worker is not None:
            self.worker.kill()
            self._clean()

    def _clean(self):
        if self._cleaned:
            return
        self._cleaned = True
        if self.worker is not None:
            self._read_output()
            self.output.close()
            self.worker.close()
        self.controller.background(self._remove())

    async def _remove(self):
        if self.api is not None:
            await self.api.close()
        for _ in range(REMOVALS):
            if await asyncio.to_thread(remove_folder, self.folder):
                break
            await asyncio.sleep(1.0)  # a process may still be dying in it, or all file descriptors are in use
        self.controller.forget(self)

    # --- output ------------------------------------------------------------------------------------------------------

    def _print(self, data):
        """What its processes print goes to the log in whole lines: other containers write there too."""
        data = self._line + data
        end = data.rfind(b"\n") + 1
        if len(data) - end > LONGEST_LINE_BYTES:
            end = len(data)
        self._line = data[end:]
        if end:
            self._log(data[:end])

    def _read_output(self):
        """What it has printed up to now, the beginning of a line included."""
        self.output.read()
        if self._line:
            line, self._line = self._line, b""
            self._log(line + b"\n")

    def _log(self, data):
        self.installed.log.write(data)
        self.tail = (self.tail + data[-TAIL_BYTES:])[-TAIL_BYTES:]
