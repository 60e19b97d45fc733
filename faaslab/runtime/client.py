"""The client: what a notebook, a test or the command line says to a running platform.

Chapter "A cloud on your laptop". It speaks HTTP with the platform, as any other program on this machine that knows its
token may. Several threads may use one client; each has its own connection.
"""

import base64
import contextlib
import json
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass, is_dataclass
from urllib.parse import quote

from faaslab.errors import InputError
from faaslab.model.result import Outcome, Result
from faaslab.runtime.deployment import Deployment
from faaslab.runtime.http_client import Connection
from faaslab.runtime.report import Report
from faaslab.runtime.result_npz import from_npz

FULL = 507
MOST_REQUEST_BYTES = 64 * 2**20  # of a larger one the server reads nothing; the limits of payloads are smaller
INVOKE = "/2015-03-31/functions/{}/invocations"


class InvocationError(RuntimeError):
    """A call did not complete; the message says why."""


class Gone(ConnectionError):
    """The platform does not answer: it was closed, or it died."""


@dataclass(frozen=True)
class Answer:
    """The answer to a synchronous call. payload: bytes of the handler's JSON, or of the error's. outcome: as in a
    result's table of calls; report: None where no container served it."""

    payload: bytes
    outcome: Outcome
    request_id: str
    report: Report | None = None
    log_tail: str = ""

    @property
    def value(self):
        """What the handler returned; the error's description where it failed."""
        return json.loads(self.payload) if self.payload else None

    @property
    def error(self) -> dict | None:
        """The error's description ("errorType", "errorMessage", ...), None where the call completed."""
        return None if self.outcome == Outcome.COMPLETED else self.value

    @property
    def start(self) -> str:
        """What kind of start it had: "warm", "cold", "prewarmed", "joined"; "none" where no container served it."""
        return "none" if self.report is None else self.report.start

    def check(self) -> "Answer":
        """Itself; InvocationError where the call did not complete."""
        if self.outcome != Outcome.COMPLETED:
            error = self.error or {}
            what = error.get("errorMessage") or error.get("message") or error.get("Reason") or ""
            kind = error.get("errorType", "")
            raise InvocationError(" ".join(part for part in (f"{self.outcome.name.lower()}:", kind, what) if part))
        return self


class Client:
    """Speaks to the platform at 127.0.0.1:`port` with its `token`. timeout_s: how long to wait for an answer."""

    def __init__(self, port: int, token: str, timeout_s: float = 960.0):
        self.port = port
        self.token = token
        self.timeout_s = timeout_s
        self._local = threading.local()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    # --- functions ---------------------------------------------------------------------------------------------------

    def deploy(self, name: str, source, **options) -> Deployment:
        """Deploy a folder or a .py file under a name; options are Deployment's fields. Ready to serve on return."""
        deployment = Deployment(name, source, **options)
        stated = asdict(deployment) | {"source": str(deployment.check_source())}
        self._ask("PUT", f"/faaslab/functions/{quote(name)}", stated)
        return deployment

    def remove(self, name: str) -> None:
        """Take a function away: its idle containers end, its waiting calls fail."""
        self._ask("DELETE", f"/faaslab/functions/{quote(name)}")

    def functions(self) -> list[Deployment]:
        return [Deployment.from_dict(given) for given in self._ask("GET", "/faaslab/functions")]

    def invoke(self, name: str, event=None, *, context: dict | None = None, check=False) -> Answer:
        """Call a function and wait for its answer. event: what JSON can say. context: Lambda's client context.

        A function that fails is an answer too; with check=True it raises InvocationError.
        """
        headers = {"X-Amz-Log-Type": "Tail"}
        if context is not None:
            headers["X-Amz-Client-Context"] = base64.b64encode(json.dumps(context).encode()).decode()
        answer = self._answer(name, self._event(name, event), headers)
        return answer.check() if check else answer

    def invoke_async(self, name: str, event=None) -> str:
        """Hand over an event, to be tried until it succeeds or ends as a dead letter; returns its request id."""
        headers = {"X-Amz-Invocation-Type": "Event"}
        status, sent, body = self._request("POST", INVOKE.format(quote(name)), self._event(name, event), headers)
        if status != 202:
            raise _error(status, body)
        return sent.get("x-amzn-RequestId", "")

    @staticmethod
    def _event(name, event):
        try:
            return json.dumps(event if event is not None else {}, allow_nan=False).encode()
        except (TypeError, ValueError) as error:
            raise InputError(f"invoke {name!r}, event: expected what JSON can say, got {event!r} ({error})") from None

    def _answer(self, name, payload, headers):
        status, sent, body = self._request("POST", INVOKE.format(quote(name)), payload, headers)
        request_id = sent.get("x-amzn-RequestId", "")
        if status in (429, 503):
            outcome = Outcome.THROTTLED if status == 429 else Outcome.REJECTED
            return Answer(body, outcome, request_id)
        if status != 200:
            raise _error(status, body)
        report = sent.get("Faaslab-Report")
        outcome = Outcome.COMPLETED
        if sent.get("X-Amz-Function-Error"):
            outcome = Outcome[sent.get("Faaslab-Outcome", "FAILED")]
        tail = base64.b64decode(sent.get("X-Amz-Log-Result", "")).decode(errors="replace")
        return Answer(body, outcome, request_id, None if report is None else Report.from_json(report), tail)

    # --- triggers ----------------------------------------------------------------------------------------------------

    def add(self, trigger) -> None:
        """Add a trigger: Url, Timer, Queue, Storage, Stream or Asynchronous of faaslab.runtime."""
        if not is_dataclass(trigger) or not hasattr(trigger, "kind"):
            raise InputError(f"add: expected a trigger such as Queue(...), got {trigger!r}")
        self._ask("POST", "/faaslab/triggers", trigger.to_dict())

    def triggers(self) -> list[dict]:
        """Every trigger with its figures."""
        return self._ask("GET", "/faaslab/triggers")

    def remove_trigger(self, name: str) -> None:
        self._ask("DELETE", f"/faaslab/triggers/{quote(name, safe='')}")

    def url(self, name: str) -> str:
        """The address of a function's URL trigger."""
        return f"http://{self.address}/urls/{quote(name)}/"

    def send(self, queue: str, messages: Iterable[str]) -> list:
        """Put messages (texts) into a queue; returns their ids once they are stored."""
        texts = [messages] if isinstance(messages, str) else list(messages)
        return self._ask("POST", f"/faaslab/queues/{quote(queue, safe='')}/messages", {"messages": texts})["ids"]

    def queue(self, name: str) -> dict:
        """A queue's counts: visible, in flight, done, dead."""
        return self._ask("GET", f"/faaslab/queues/{quote(name, safe='')}")

    def put(self, stream: str, records: Iterable[tuple[str, str]]) -> list:
        """Put records (key, data) into a stream; returns their sequence numbers once they are stored."""
        given = [{"key": key, "data": data} for key, data in records]
        path = f"/faaslab/streams/{quote(stream, safe='')}/records"
        return self._ask("POST", path, {"records": given})["sequence_numbers"]

    # --- looking -----------------------------------------------------------------------------------------------------

    def ps(self) -> list[dict]:
        """One dict a container that lives."""
        return self._ask("GET", "/faaslab/ps")

    def stats(self) -> dict:
        """Figures of the platform and of every function since the measurement began."""
        return self._ask("GET", "/faaslab/stats")

    @property
    def notes(self) -> list[str]:
        """What this system lacks, in sentences; empty where everything is there."""
        return self.stats()["notes"]

    def logs(self, name: str, tail: int | None = None) -> str:
        """A function's log, or its last `tail` bytes."""
        if tail is not None:
            return self.logs_after(name, tail=tail)[0]
        parts, cursor = [], 0
        while True:
            text, following = self.logs_after(name, cursor)
            if following == cursor or not text:
                return "".join(parts)
            parts.append(text)
            cursor = following

    def logs_after(self, name: str, after: int = 0, *, tail: int | None = None) -> tuple[str, int]:
        """What was written after a place in the log (at most 1 MB of it), and the place where to go on."""
        query = f"tail={tail}" if tail is not None else f"after={after}"
        status, headers, body = self._request("GET", f"/faaslab/logs/{quote(name)}?{query}")
        if status != 200:
            raise _error(status, body)
        return body.decode(errors="replace"), int(headers["Faaslab-Cursor"])

    def measure(self, *, warm=True) -> int:
        """Begin a new measurement: its tables are empty and its clock is 0. warm=False ends all idle containers.

        Returns the instant of the zero on this machine's monotonic clock, in ns.
        """
        return self._ask("POST", "/faaslab/measure", {"warm": warm})["zero_ns"]

    def result(self) -> Result:
        """What happened since the measurement began, in the tables of a simulation's result."""
        status, _, body = self._request("GET", "/faaslab/result")
        if status != 200:
            raise _error(status, body)
        return from_npz(body)

    def play(self, workload, payloads=None, **options):
        """Play a workload by an open-loop load generator in a process of its own; see measuring/load.py."""
        from faaslab.runtime.measuring.load import play

        return play(self, workload, payloads, **options)

    # --- HTTP --------------------------------------------------------------------------------------------------------

    def _ask(self, method, path, value=None):
        body = None if value is None else json.dumps(value).encode()
        status, _, answer = self._request(method, path, body)
        if status != 200:
            raise _error(status, answer)
        return json.loads(answer) if answer else None

    def _request(self, method, path, body=None, headers=None):
        """(status, headers, body); only what changes nothing is asked once more where a connection was closed."""
        if body is not None and len(body) > MOST_REQUEST_BYTES:
            raise InputError(f"{path}: expected a request of at most {MOST_REQUEST_BYTES} bytes, got {len(body)}")
        headers = list((headers or {}).items())
        for last in (False, True):
            connection = getattr(self._local, "connection", None)
            fresh = connection is None
            try:
                if fresh:
                    connection = self._local.connection = Connection(self.port, self.token, self.timeout_s)
                return connection.request(method, path, body or b"", headers)
            except TimeoutError:
                self.disconnect()
                raise
            except ConnectionError as error:
                self.disconnect()
                if fresh or last or method != "GET":
                    why = str(error) or type(error).__name__
                    raise Gone(f"no answer from the platform at {self.address}: {why}") from None
            except BaseException:  # an interrupt leaves an answer half read
                self.disconnect()
                raise

    def disconnect(self) -> None:
        """Close this thread's connection."""
        connection, self._local.connection = getattr(self._local, "connection", None), None
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.close()


def _error(status, body):
    try:
        message = json.loads(body)["error"]
    except (ValueError, KeyError, TypeError):
        message = f"status {status}: {body[:200].decode(errors='replace')}"
    return InputError(message) if status < 500 or status == FULL else InvocationError(message)
