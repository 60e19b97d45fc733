"""HTTP: a request to a function's URL becomes an event, and what the handler returns becomes the response.

Chapter "A cloud on your laptop". Events have AWS's payload format 2.0; the caller waits and deals with errors itself.
Sources: AWS Lambda developer guide, "Invoking Lambda function URLs" (request and response payloads), and API Gateway
developer guide, "Lambda proxy integrations for HTTP APIs" (format 2.0: cookies apart, repeated headers and parameters
joined by commas, names of headers in lower case). AWS does not list the content types that count as text; here they are
text/*, JSON, XML and JavaScript where the body is UTF-8, and all else is base64, forms included, as on AWS. Left out:
signed requests (the URL is of the type NONE), CORS, response streaming, the custom domain.
"""

import asyncio
import base64
import binascii
import json
import re
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import parse_qsl

from faaslab.runtime.triggers.trigger import Runner, Trigger, name_or

TEXT = re.compile(r"text/.+|application/(.+\+)?(json|xml)|application/(x-)?(javascript|ecmascript)")
NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # of a header, RFC 9110
JSON = "application/json"
# The connection is the server's: what a handler says about it is not passed on (RFC 9110, section 7.6.1).
OF_THE_CONNECTION = ("connection", "keep-alive", "transfer-encoding", "content-length", "upgrade", "te", "trailer")


@dataclass(frozen=True)
class Url(Trigger):
    """A function URL for `function`: any method, any path below it."""

    kind: ClassVar[str] = "url"

    function: str
    name: str | None = None

    def __post_init__(self):
        object.__setattr__(self, "name", name_or(self.name, f"url of {self.function}", "url, name"))

    def runner(self, platform):
        return UrlRunner(self, platform)


class UrlRunner(Runner):
    """Waits: requests come through the platform's own server."""

    async def run(self):
        await asyncio.Event().wait()


@dataclass(frozen=True)
class Request:
    """An HTTP request: path and query as they were sent (percent-encoded), headers as (name, value) pairs, body."""

    method: str
    path: str
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    source_ip: str = "127.0.0.1"
    protocol: str = "HTTP/1.1"


@dataclass(frozen=True)
class Response:
    """What goes back to the client. headers: (name, value) pairs beside the content type; set-cookie may come several
    times."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()


def to_event(request: Request, function: str, request_id: str, now_s: float | None = None) -> dict:
    """The event of a request, payload format 2.0. now_s: seconds since 1970, the present if None."""
    now_s = time.time() if now_s is None else now_s
    pairs = [(name.lower(), value) for name, value in request.headers]
    cookies = [part.strip() for name, value in pairs if name == "cookie" for part in value.split(";") if part.strip()]
    headers = _joined(pair for pair in pairs if pair[0] != "cookie")
    host, port = _host(headers.get("host", "localhost"))
    headers |= {
        "x-forwarded-for": ",".join([*_present(headers, "x-forwarded-for"), request.source_ip]),
        "x-forwarded-port": port,
        "x-forwarded-proto": "http",
    }
    body, encoded = _body_text(request.body, headers.get("content-type", ""))
    event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": request.path,
        "rawQueryString": request.query,
        "headers": headers,
        "requestContext": {
            "accountId": "anonymous",
            "apiId": function,
            "domainName": host,
            "domainPrefix": function,
            "http": {
                "method": request.method,
                "path": request.path,
                "protocol": request.protocol,
                "sourceIp": request.source_ip,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": request_id,
            "routeKey": "$default",
            "stage": "$default",
            "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now_s)),
            "timeEpoch": int(now_s * 1000),
        },
        "isBase64Encoded": encoded,
    }
    # As on AWS, what the request does not have is not in the event.
    if cookies:
        event["cookies"] = cookies
    if request.query:
        event["queryStringParameters"] = _joined(parse_qsl(request.query, keep_blank_values=True))
    if request.body:
        event["body"] = body
    return event


def to_response(payload: bytes) -> Response:
    """The response that a handler's result (JSON) stands for. An object with a statusCode describes the response; any
    other result is the body, with status 200. A description that cannot be followed is answered with 502."""
    try:
        result = json.loads(payload)
    except ValueError:
        return bad_gateway()
    if not isinstance(result, dict) or "statusCode" not in result:
        return Response(200, payload)
    try:
        return _described(result)
    except (ValueError, TypeError):
        return bad_gateway()


def event_of(request, function: str, path: str, address: str, request_id: str | None = None) -> bytes:
    """The event, as JSON, of a request that the server has read: it has method, query, headers and body. path: what the
    function sees of the path. address: the server's, for a request that does not say whom it asks."""
    headers = tuple(request.headers.get_all())
    if "Host" not in request.headers:
        headers += (("host", address),)
    plain = Request(request.method, path, request.query, headers, request.body)
    return json.dumps(to_event(plain, function, request_id or str(uuid.uuid4()))).encode()


def respond(request, payload: bytes | None) -> None:
    """Answer a request with what the handler's result stands for; None: the function failed or took too long. A client
    of a URL sees no more of an error than that there was one. The answer to HEAD has no body (RFC 9110)."""
    response = bad_gateway() if payload is None else to_response(payload)
    body = b"" if request.method == "HEAD" else response.body
    request.respond(response.status, body, response.headers, response.content_type)


def bad_gateway() -> Response:
    """502: the function failed, took too long, or described a response that cannot be followed."""
    return Response(502, b"Internal Server Error")


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    values = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return {name: ",".join(parts) for name, parts in values.items()}


def _present(headers, name):
    return [headers[name]] if name in headers else []


def _host(text):
    """Name and port of a Host header; port 80 goes without saying."""
    host, colon, port = text.rpartition(":")
    return (host, port) if colon and port.isdigit() else (text, "80")


def _body_text(body, content_type):
    """The body as text, and whether it had to be base64."""
    if TEXT.fullmatch(content_type.partition(";")[0].strip().lower()):
        try:
            return body.decode("utf-8"), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(body).decode("ascii"), bool(body)


def _described(result):
    """ValueError or TypeError where the description is not one."""
    status = result["statusCode"]
    if isinstance(status, bool) or not isinstance(status, int) or not 200 <= status <= 599:
        raise ValueError(f"statusCode {status!r}")
    given, cookies = result.get("headers") or {}, result.get("cookies") or []
    if not isinstance(given, dict) or not isinstance(cookies, list):
        raise TypeError("headers or cookies")
    headers = dict(_header(name, value) for name, value in given.items())
    content_type = headers.pop("content-type", JSON)
    kept = [pair for pair in headers.items() if pair[0] not in OF_THE_CONNECTION]
    kept += [_header("set-cookie", cookie) for cookie in cookies]
    body = _response_body(result.get("body"), result.get("isBase64Encoded", False))
    return Response(status, b"" if status in (204, 304) else body, content_type, tuple(kept))


def _header(name, value):
    if isinstance(value, bool):
        value = "true" if value else "false"
    if isinstance(value, (int, float)):
        value = str(value)
    if not isinstance(value, str) or re.search(r"[\r\n\0]", value) or not NAME.fullmatch(name):
        raise ValueError(f"header {name!r}")
    return name.lower(), value


def _response_body(body, encoded):
    if body is None:
        return b""
    if not isinstance(body, str):
        return json.dumps(body).encode()
    if not encoded:
        return body.encode("utf-8")
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        raise ValueError("body is not base64") from None
