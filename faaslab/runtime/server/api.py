"""The platform's HTTP interface: Lambda's Invoke, function URLs, and what `faaslab deploy`, `ps` and the others ask.

Source of the first: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html. Everything but function URLs asks
for the token, which only the user's own processes can read. Left out: signatures (SigV4), qualifiers, streaming.
"""

import base64
import hmac
import json
import uuid
from dataclasses import asdict
from urllib.parse import parse_qs

from faaslab.errors import InputError, member, whole
from faaslab.model.result import Outcome
from faaslab.runtime.arn import arn
from faaslab.runtime.deployment import Deployment
from faaslab.runtime.durable.full import StoreFull
from faaslab.runtime.server.http_server import Request, Server
from faaslab.runtime.server.live_container import MOST_PAYLOAD_BYTES, error_json
from faaslab.runtime.triggers import http as url_events

MOST_ASYNCHRONOUS_BYTES = 2**20
MOST_CONTEXT_BYTES = 3583  # Lambda's limit on the client context
INVOKE = "/2015-03-31/functions/"
THROTTLED = {"Reason": "ConcurrentInvocationLimitExceeded", "Type": "User", "message": "Rate Exceeded."}
REJECTED = {"Type": "Service", "message": "The queue of calls is full."}
NOT_FOUND, BAD_REQUEST, FORBIDDEN, TOO_LARGE, TOO_MANY, UNAVAILABLE, FULL = 404, 400, 403, 413, 429, 503, 507


class Api:
    """Serves `platform` (a Services). `token`: what a request must carry."""

    def __init__(self, platform, token: str, port: int):
        self.platform = platform
        self.controller = platform.controller
        self.expected = f"Bearer {token}"
        self.server = Server(self._handle, port)

    def _handle(self, request: Request):
        try:
            if request.path.startswith(INVOKE) and request.method == "POST":
                self._authorise(request)
                self._invoke(request)
            elif request.path.startswith("/urls/"):
                self._url(request)
            elif request.path.startswith("/faaslab/"):
                self._authorise(request)
                self._own(request)
            else:
                raise _Refused(NOT_FOUND, f"no resource {request.method} {request.path}")
        except _Refused as refused:
            request.respond_json(refused.status, refused.body, [("X-Amzn-ErrorType", refused.kind)])
        except InputError as error:
            request.respond_json(FULL if isinstance(error, StoreFull) else BAD_REQUEST, {"error": str(error)})
        except Exception as error:
            if not request.answered:
                request.respond_json(500, {"error": f"{type(error).__name__}: {error}"})
            raise

    def _authorise(self, request):
        given = request.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), self.expected.encode()):
            raise _Refused(FORBIDDEN, "expected the platform's token (Authorization: Bearer ...)")

    # --- Invoke ------------------------------------------------------------------------------------------------------

    def _invoke(self, request):
        name, _, resource = request.path[len(INVOKE) :].partition("/")
        if resource not in ("invocations", "invocations/"):
            raise _Refused(NOT_FOUND, f"no resource {request.method} {request.path}")
        if name not in self.controller.functions:
            missing = arn("lambda", f"function:{name}")
            known = f"; deployed: {', '.join(self.controller.functions) or 'none'}"
            raise _Refused(NOT_FOUND, f"Function not found: {missing}{known}", "ResourceNotFoundException")
        headers = request.headers
        kind = headers.get("X-Amz-Invocation-Type", "RequestResponse")
        if kind not in ("RequestResponse", "Event", "DryRun"):
            raise _Refused(BAD_REQUEST, f"expected RequestResponse, Event or DryRun, got {kind!r}")
        payload = request.body or b"{}"
        most = MOST_ASYNCHRONOUS_BYTES if kind == "Event" else MOST_PAYLOAD_BYTES
        if len(payload) > most:
            message = f"{len(payload)} byte payload is too large for the {kind} invocation type (limit {most} bytes)"
            raise _Refused(TOO_LARGE, message, "RequestTooLargeException")
        try:
            json.loads(payload, parse_constant=_no_constant)
        except ValueError as error:
            message = f"Could not parse request body into json: {error}"
            raise _Refused(BAD_REQUEST, message, "InvalidRequestContentException") from None
        if kind == "DryRun":
            request.respond(204)
        elif kind == "Event":
            request_id = self.platform.asynchronous(name, payload)
            request.respond(202, headers=[("x-amzn-RequestId", request_id)])
        else:
            self._call(request, name, payload)

    def _call(self, request, name, payload):
        headers = request.headers
        tail = headers.get("X-Amz-Log-Type") == "Tail"
        event = headers.get("Faaslab-Event")
        arrival = headers.get("Faaslab-Arrival-Ns")
        call = self.controller.call(
            name, payload, lambda call: self._answer(request, call, tail),
            source=headers.get("Faaslab-Source", "invoke"),
            event=None if event is None else int(event),
            arrival_ns=None if arrival is None else int(arrival),
            client_context=_client_context(headers),
        )  # fmt: skip
        if not request.answered:
            request.on_close(lambda: self._caller_left(request, call))

    def _caller_left(self, request, call):
        request.closed_by_peer()
        self.controller.dispatcher.abandon(call)

    @staticmethod
    def _answer(request, call, tail):
        outcome = call.outcome
        headers = [("x-amzn-RequestId", call.request_id), ("X-Amz-Executed-Version", "$LATEST")]
        if outcome == Outcome.THROTTLED:
            headers.append(("X-Amzn-ErrorType", "TooManyRequestsException"))
            request.respond_json(TOO_MANY, THROTTLED, headers)
            return
        if outcome == Outcome.REJECTED:
            headers.append(("X-Amzn-ErrorType", "ServiceException"))
            request.respond_json(UNAVAILABLE, REJECTED, headers)
            return
        payload = call.reply
        if outcome != Outcome.COMPLETED:
            headers += [("X-Amz-Function-Error", "Unhandled"), ("Faaslab-Outcome", outcome.name)]
            payload = payload or error_json("Sandbox.Timedout", call.request_id, f"{outcome.name.lower()}")
        if call.report is not None:
            headers.append(("Faaslab-Report", call.report.to_json()))
        if tail:
            headers.append(("X-Amz-Log-Result", base64.b64encode(call.log_tail).decode()))
        request.respond(200, payload, headers)

    # --- function URLs -----------------------------------------------------------------------------------------------

    def _url(self, request):
        _, _, rest = request.path.partition("/urls/")
        name, _, path = rest.partition("/")
        if not self.platform.has_url(name):
            raise _Refused(NOT_FOUND, f"no function URL of that name: {name!r}")
        request_id = str(uuid.uuid4())
        payload = url_events.event_of(request, name, "/" + path, self.server.address, request_id)
        if len(payload) > MOST_PAYLOAD_BYTES:
            raise _Refused(TOO_LARGE, f"expected a request of at most {MOST_PAYLOAD_BYTES} bytes")
        self.controller.call(
            name, payload, lambda call: self._url_answer(request, call), source=f"url of {name}", request_id=request_id
        )

    @staticmethod
    def _url_answer(request, call):
        if call.outcome == Outcome.THROTTLED:
            request.respond_json(TOO_MANY, THROTTLED)
        elif call.outcome == Outcome.REJECTED:
            request.respond_json(UNAVAILABLE, REJECTED)
        else:
            url_events.respond(request, call.reply if call.outcome == Outcome.COMPLETED else None)

    # --- faaslab's own -----------------------------------------------------------------------------------------------

    def _own(self, request):
        resource, *names = request.parts()[1:]
        handler, count = _ROUTES.get(f"{request.method} {resource}", (None, 0))
        if handler is None:
            raise _Refused(NOT_FOUND, f"no resource {request.method} {request.path}")
        if len(names) != count:
            raise InputError(f"{request.path}: expected {count} names after {resource!r}, got {len(names)}")
        answer = handler(self, request, *names)
        if answer is not None:
            self.controller.background(self._later(request, answer))

    async def _later(self, request, coroutine):
        try:
            value = await coroutine
        except InputError as error:
            request.respond_json(BAD_REQUEST, {"error": str(error)})
        except Exception as error:
            request.respond_json(500, {"error": f"{type(error).__name__}: {error}"})
            raise
        else:
            request.respond_json(200, value)

    def _functions(self, request):
        request.respond_json(200, [asdict(i.deployment) for i in self.controller.functions.values()])

    async def _deploy(self, request, name):
        deployment = Deployment.from_dict(_object(request, "deployment"))
        if deployment.name != name:
            raise InputError(f"deploy: expected the name {name!r}, got {deployment.name!r}")
        await self.platform.deploy(deployment)
        return asdict(deployment)

    async def _remove(self, request, name):
        await self.platform.remove(name)
        return {}

    def _ps(self, request):
        request.respond_json(200, self.controller.ps())

    def _stats(self, request):
        request.respond_json(200, self.platform.stats())

    def _logs(self, request, name):
        installed = self.controller.functions.get(name)
        if installed is None:
            known = ", ".join(self.controller.functions) or "none"
            raise InputError(f"logs: expected a deployed function, got {name!r}; deployed: {known}")
        query = parse_qs(request.query)
        log = installed.log
        if "tail" in query:
            after = max(0, log.end - _whole(query["tail"][0], "logs, tail"))
        else:
            after = _whole(query.get("after", ["0"])[0], "logs, after")
        data, end = log.read(after)
        request.respond(200, data, [("Faaslab-Cursor", str(end)), ("Faaslab-End", str(log.end))], "text/plain")

    def _result(self, request):
        request.respond(200, self.platform.result(), content_type="application/octet-stream")

    def _measure(self, request):
        warm = _object(request, "measure").get("warm", True)
        request.respond_json(200, {"zero_ns": self.platform.measure(member(warm, "measure, warm", (True, False)))})

    async def _add_trigger(self, request):
        return await self.platform.add_trigger(request.body)

    def _triggers(self, request):
        request.respond_json(200, self.platform.triggers_json())

    async def _remove_trigger(self, request, name):
        await self.platform.remove_trigger(name)
        return {}

    def _send(self, request, queue, kind):
        member(kind, "queue", ("messages",))
        request.respond_json(200, {"ids": self.platform.send(queue, _object(request, "messages"))})

    def _queue(self, request, queue):
        request.respond_json(200, self.platform.queue_stats(queue))

    def _put(self, request, stream, kind):
        member(kind, "stream", ("records",))
        request.respond_json(200, {"sequence_numbers": self.platform.put(stream, _object(request, "records"))})

    def _shutdown(self, request):
        request.respond_json(200, {})
        self.controller.loop.call_later(0.02, self.platform.stop.set)


def _object(request, where) -> dict:
    """The JSON object in a request's body; {} where there is no body."""
    try:
        value = json.loads(request.body or b"{}")
    except ValueError as error:
        raise InputError(f"{where}: expected JSON, got {request.body[:40]!r} ({error})") from None
    if not isinstance(value, dict):
        raise InputError(f"{where}: expected an object, got {value!r:.80}")
    return value


def _whole(text, where):
    try:
        return whole(int(text), where)
    except ValueError:
        raise InputError(f"{where}: expected a whole number, got {text!r}") from None


def _no_constant(name):
    raise ValueError(f"Expecting value, got {name}")


def _client_context(headers):
    given = headers.get("X-Amz-Client-Context")
    if given is None:
        return None
    try:
        text = base64.b64decode(given, validate=True).decode()
        json.loads(text)
    except ValueError:
        raise _Refused(BAD_REQUEST, "expected X-Amz-Client-Context to be JSON in base64") from None
    if len(given) > MOST_CONTEXT_BYTES:
        raise _Refused(BAD_REQUEST, f"expected an X-Amz-Client-Context of at most {MOST_CONTEXT_BYTES} bytes in base64")
    return text.replace("\r", " ").replace("\n", " ")  # it goes on as a header; in JSON a line end is a mere space


class _Refused(Exception):
    def __init__(self, status, message, kind="InvalidRequest"):
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.body = {"error": message, "Type": "User", "Message": message}


# Each with the number of names that its path goes on with.
_ROUTES = {
    "GET functions": (Api._functions, 0),
    "PUT functions": (Api._deploy, 1),
    "DELETE functions": (Api._remove, 1),
    "GET ps": (Api._ps, 0),
    "GET stats": (Api._stats, 0),
    "GET logs": (Api._logs, 1),
    "GET result": (Api._result, 0),
    "POST measure": (Api._measure, 0),
    "POST triggers": (Api._add_trigger, 0),
    "GET triggers": (Api._triggers, 0),
    "DELETE triggers": (Api._remove_trigger, 1),
    "POST queues": (Api._send, 2),
    "GET queues": (Api._queue, 1),
    "POST streams": (Api._put, 2),
    "POST shutdown": (Api._shutdown, 0),
}
