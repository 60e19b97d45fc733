"""The HTTP server, byte by byte: what it reads, in which order it answers, and what it refuses."""

import asyncio
import json

import pytest

from faaslab.runtime.server import http_server
from faaslab.runtime.server.http_server import Server


def conversation(*sent, handle=None, read_s=1.0, pause_s=0.0):
    """What comes back for bytes sent on one connection, until the server closes it or is quiet."""

    def echo(request):
        said = {"method": request.method, "path": request.path, "query": request.query, "body": request.body.decode()}
        request.respond_json(200, said)

    async def run():
        server = Server(handle or echo)
        await asyncio.sleep(0)
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        answer = b""
        try:
            for part in sent:
                writer.write(part.replace(b"HERE", server.address.encode()))
                await asyncio.sleep(pause_s)
            while True:
                piece = await asyncio.wait_for(reader.read(2**16), read_s)
                if not piece:
                    return answer, True
                answer += piece
        except TimeoutError:
            return answer, False
        except ConnectionError:
            return answer, True
        finally:
            writer.close()
            await server.close()

    return asyncio.run(run())


def bodies(answer):
    return [json.loads(part[part.index(b"{") : part.rindex(b"}") + 1]) for part in answer.split(b"HTTP/1.1 ")[1:]]


def test_a_request_may_come_in_single_bytes():
    text = b"POST /a/b?c=d HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: 2\r\n\r\nhi"

    async def run():
        asked = []
        server = Server(lambda request: (asked.append(request), request.respond(200)))
        await asyncio.sleep(0)
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        for byte in text % server.port:
            writer.write(bytes([byte]))
            await asyncio.sleep(0)
        for _ in range(1000):
            if asked:
                break
            await asyncio.sleep(0.001)
        writer.close()
        await server.close()
        return asked

    (request,) = asyncio.run(run())
    assert (request.method, request.path, request.query, request.body) == ("POST", "/a/b", "c=d", b"hi")


def test_requests_sent_ahead_are_answered_in_their_order():
    one = b"GET /%d HTTP/1.1\r\nHost: HERE\r\n\r\n"
    answer, closed = conversation(b"".join(one % i for i in range(40)), read_s=0.3)
    assert [body["path"] for body in bodies(answer)] == [f"/{i}" for i in range(40)]
    assert not closed


def test_a_later_answer_holds_the_next_request_back():
    order = []

    def handle(request):
        order.append(request.path)
        delay = 0.05 if request.path == "/slow" else 0.0
        asyncio.get_running_loop().call_later(delay, request.respond_json, 200, {"path": request.path})

    sent = b"GET /slow HTTP/1.1\r\nHost: HERE\r\n\r\nGET /next HTTP/1.1\r\nHost: HERE\r\n\r\n"
    answer, _ = conversation(sent, handle=handle, read_s=0.4)
    assert order == ["/slow", "/next"]
    assert [body["path"] for body in bodies(answer)] == ["/slow", "/next"]


def test_bodies_in_chunks_and_those_announced_are_read():
    chunked = b"POST / HTTP/1.1\r\nHost: HERE\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    assert bodies(conversation(chunked, read_s=0.3)[0])[0]["body"] == "abcde"
    expecting = b"POST / HTTP/1.1\r\nHost: HERE\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    answer, _ = conversation(expecting, b"hi", read_s=0.3, pause_s=0.02)
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")


def test_head_has_no_body_and_close_closes():
    answer, closed = conversation(b"HEAD / HTTP/1.1\r\nHost: HERE\r\nConnection: close\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert closed and body == b"" and b"Connection: close" in head
    assert int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0]) > 0


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost HERE\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: HERE\r\nContent-Length: x\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: HERE\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc", 400),
        (b"GET / HTTP/1.1\r\nHost: HERE\r\nX: " + b"x" * 2**17 + b"\r\n\r\n", 431),
        (b"GET /" + b"x" * 2**17, 431),
    ],
)
def test_what_is_no_request_ends_the_connection(sent, status):
    answer, closed = conversation(sent)
    assert answer.startswith(b"HTTP/1.1 %d " % status), answer[:80]
    assert closed


def test_a_body_over_the_limit_is_not_kept(monkeypatch):
    monkeypatch.setattr(http_server, "MOST_BODY_BYTES", 1000)
    answer, closed = conversation(b"POST / HTTP/1.1\r\nHost: HERE\r\nContent-Length: 1001\r\n\r\n" + b"x" * 1001)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert closed


@pytest.mark.parametrize("hosts", [[], [b"HERE", b"example.org"], [b"example.org"], [b""]])
def test_who_names_no_host_or_another_is_refused(hosts):
    sent = b"GET / HTTP/1.1\r\n" + b"".join(b"Host: " + host + b"\r\n" for host in hosts) + b"\r\n"
    answer, _ = conversation(sent, read_s=0.3)
    assert answer.startswith((b"HTTP/1.1 403 ", b"HTTP/1.1 400 "))


def test_the_handler_hears_when_the_other_side_leaves():
    async def run():
        left = asyncio.Event()
        server = Server(lambda request: request.on_close(left.set))
        await asyncio.sleep(0)
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: %s\r\n\r\n" % server.address.encode())
        await asyncio.sleep(0.05)
        writer.close()
        await asyncio.wait_for(left.wait(), 5)
        await server.close()

    asyncio.run(run())


def test_a_line_end_in_a_header_of_the_answer_is_an_error():
    seen = []

    def handle(request):
        try:
            request.respond(200, headers=[("X", "a\r\nSet-Cookie: b")])
        except ValueError as error:
            seen.append(error)
            request.respond(500)

    answer, _ = conversation(b"GET / HTTP/1.1\r\nHost: HERE\r\n\r\n", handle=handle, read_s=0.3)
    assert answer.startswith(b"HTTP/1.1 500")
    assert seen
