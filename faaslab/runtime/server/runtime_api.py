"""The Lambda Runtime API, one small server a container: here a worker asks for its next event and posts its answers.

Chapter "A cloud on your laptop". Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html, version
2018-06-01. A port of its own tells which worker speaks. Left out: streamed responses, extensions, SnapStart's restore.
"""

import json
import time

from faaslab.runtime.server.http_server import Request, Server

BASE = "/2018-06-01/runtime/"
PHASES_HEADER = "Faaslab-Phases"


class RuntimeApi:
    """Speaks with one worker. `owner` hears of it: `asks(phases)` once, when it asks for its first event;
    `answered(request_id, payload, error_type)` with error_type None where the handler returned; `init_failed(payload,
    error_type)`; `lost()` where it closes the connection on which it waits."""

    def __init__(self, owner, arn: str):
        self.owner = owner
        self.arn = arn
        self.server = Server(self._handle)
        self._waiting = None  # the request for the next event that waits for one
        self._pending = None  # the call to hand over when it asks
        self._current = None  # the id of the call in it
        self._asked = False

    @property
    def address(self) -> str:
        return self.server.address

    def give(self, call):
        """Hand a call over as soon as the worker asks for it."""
        if self._waiting is None:
            self._pending = call
        else:
            request, self._waiting = self._waiting, None
            self._send(request, call)

    def _send(self, request, call):
        self._current = call.request_id
        deadline_ms = int(time.time() * 1e3 + call.timeout_s * 1e3)
        headers = [
            ("Lambda-Runtime-Aws-Request-Id", call.request_id),
            ("Lambda-Runtime-Deadline-Ms", str(deadline_ms)),
            ("Lambda-Runtime-Invoked-Function-Arn", self.arn),
            ("Lambda-Runtime-Trace-Id", call.trace_id),
        ]
        if call.client_context is not None:
            as_bytes = call.client_context.encode().decode("latin-1")  # the clients read headers as UTF-8
            headers.append(("Lambda-Runtime-Client-Context", as_bytes))
        request.respond(200, call.payload, headers)

    def _handle(self, request: Request):
        if not request.path.startswith(BASE):
            self._refuse(request, 404, f"no resource {request.path}")
            return
        resource = request.path[len(BASE) :]
        if resource == "invocation/next" and request.method == "GET":
            self._next(request)
        elif resource == "init/error" and request.method == "POST":
            request.respond_json(202, {"status": "OK"})
            self.owner.init_failed(request.body, request.headers.get("Lambda-Runtime-Function-Error-Type"))
        elif resource.startswith("invocation/") and request.method == "POST":
            self._answer(request, *resource.split("/")[1:])
        else:
            self._refuse(request, 404, f"no resource {request.method} {request.path}")

    def _next(self, request):
        if self._current is not None or self._waiting is not None:
            self._refuse(request, 403, "the last event was not answered")
            return
        if not self._asked:
            self._asked = True
            self._waiting = request
            request.on_close(lambda: self._closed(request))
            self.owner.asks(request.headers.get(PHASES_HEADER))
        elif self._pending is not None:
            call, self._pending = self._pending, None
            self._send(request, call)
        else:
            self._waiting = request
            request.on_close(lambda: self._closed(request))

    def _closed(self, request):
        request.closed_by_peer()
        if self._waiting is request:  # an event given to a connection that nobody reads would vanish
            self._waiting = None
            self.owner.lost()

    def _answer(self, request, request_id, kind=""):
        if request_id != self._current or kind not in ("response", "error"):
            self._refuse(request, 400, f"expected the answer to {self._current}, got {kind} of {request_id}")
            return
        self._current = None
        error = None
        if kind == "error":
            error = request.headers.get("Lambda-Runtime-Function-Error-Type") or "Unhandled"
        request.respond(202, b'{"status":"OK"}')
        self.owner.answered(request_id, request.body, error)

    @staticmethod
    def _refuse(request, status, message):
        request.respond(status, json.dumps({"errorMessage": message, "errorType": "InvalidRequest"}).encode())

    async def close(self):
        await self.server.close()
