"""Function URLs: requests as events of payload format 2.0, and results as responses, as AWS documents them."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tornado.httputil import HTTPHeaders

from faaslab.runtime.triggers.http import Request, Response, event_of, respond, to_event, to_response

NOW_S = 1583348638.39


def event(method="GET", path="/", query="", headers=(), body=b""):
    request = Request(method, path, query, (("Host", "127.0.0.1:8080"), *headers), body)
    return to_event(request, "hello", "some-id", NOW_S)


def test_the_event_has_the_fields_of_format_2():
    made = event(
        "POST",
        "/my/path%20here",
        "parameter1=value1&parameter1=value2&parameter2=a%20b&empty=",
        [("User-Agent", "agent"), ("Header2", "value1"), ("HEADER2", "value2"), ("Content-Type", "text/plain"),
         ("Cookie", "cookie1=a,b; cookie2=2"), ("Cookie", "cookie3=3")],
        b"Hello from client!",
    )  # fmt: skip
    assert made == {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/my/path%20here",
        "rawQueryString": "parameter1=value1&parameter1=value2&parameter2=a%20b&empty=",
        "cookies": ["cookie1=a,b", "cookie2=2", "cookie3=3"],
        "headers": {
            "host": "127.0.0.1:8080", "user-agent": "agent", "header2": "value1,value2", "content-type": "text/plain",
            "x-forwarded-for": "127.0.0.1", "x-forwarded-port": "8080", "x-forwarded-proto": "http",
        },
        "queryStringParameters": {"parameter1": "value1,value2", "parameter2": "a b", "empty": ""},
        "requestContext": {
            "accountId": "anonymous", "apiId": "hello", "domainName": "127.0.0.1", "domainPrefix": "hello",
            "http": {
                "method": "POST", "path": "/my/path%20here", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1",
                "userAgent": "agent",
            },
            "requestId": "some-id", "routeKey": "$default", "stage": "$default", "time": "04/Mar/2020:19:03:58 +0000",
            "timeEpoch": 1583348638390,
        },
        "body": "Hello from client!",
        "isBase64Encoded": False,
    }  # fmt: skip


def test_what_a_request_does_not_have_is_not_in_the_event():
    made = event()
    assert not {"body", "cookies", "queryStringParameters"} & made.keys()
    assert made["rawQueryString"] == "" and made["isBase64Encoded"] is False


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        ("application/json; charset=utf-8", '{"name": "Zoë"}'.encode(), True),
        ("application/ld+json", b"{}", True),
        ("text/html", b"<p>", True),
        ("image/svg+xml", b"<svg/>", False),
        ("text/plain", b"\xff\xfe", False),
        ("application/x-www-form-urlencoded", b"a=1", False),
        ("image/png", b"\x89PNG", False),
        ("", b"no type", False),
    ],
)
def test_bodies_are_text_or_base64(content_type, body, text):
    made = event("POST", headers=[("content-type", content_type)], body=body)
    assert made["isBase64Encoded"] is not text
    assert (made["body"].encode() if text else base64.b64decode(made["body"])) == body


@given(st.binary(max_size=200), st.sampled_from(["text/plain", "application/json", "image/png", "", "Text/CSV; x=y"]))
def test_no_byte_of_a_body_is_lost(body, content_type):
    made = json.loads(json.dumps(event("POST", headers=[("Content-Type", content_type)], body=body)))
    got = made.get("body", "")
    assert (base64.b64decode(got) if made["isBase64Encoded"] else got.encode()) == body


def test_forwarded_addresses_are_added_to():
    assert event(headers=[("X-Forwarded-For", "10.0.0.1")])["headers"]["x-forwarded-for"] == "10.0.0.1,127.0.0.1"


@pytest.mark.parametrize("result", ["Hello, world!", {"message": "Hello, world!"}, [1, 2], None, 3.5, {}])
def test_a_result_without_a_status_is_the_body(result):
    payload = json.dumps(result).encode()
    assert to_response(payload) == Response(200, payload, "application/json", ())


def response(**result):
    return to_response(json.dumps(result).encode())


def test_a_described_response_is_followed():
    made = response(
        statusCode=201,
        headers={"Content-Type": "text/html", "My-Custom-Header": "Custom Value", "X-Count": 3, "X-Yes": True},
        body="<p>Zoë</p>",
        cookies=["Cookie_1=Value1; Expires=21 Oct 2021 07:48 GMT", "Cookie_2=Value2; Max-Age=78000"],
        isBase64Encoded=False,
    )
    assert made.status == 201 and made.content_type == "text/html" and made.body == "<p>Zoë</p>".encode()
    assert made.headers == (
        ("my-custom-header", "Custom Value"),
        ("x-count", "3"),
        ("x-yes", "true"),
        ("set-cookie", "Cookie_1=Value1; Expires=21 Oct 2021 07:48 GMT"),
        ("set-cookie", "Cookie_2=Value2; Max-Age=78000"),
    )


def test_described_bodies():
    assert response(statusCode=200) == Response(200, b"")
    assert response(statusCode=200, body={"a": 1}).body == b'{"a": 1}'
    assert response(statusCode=200, body=base64.b64encode(bytes(range(256))).decode(), isBase64Encoded=True).body == (
        bytes(range(256))
    )
    assert response(statusCode=204, body="not sent").body == b""


def test_the_connection_stays_the_servers():
    assert response(statusCode=200, headers={"Content-Length": "9", "Transfer-Encoding": "chunked"}).headers == ()


@pytest.mark.parametrize(
    "result",
    [
        {"statusCode": "200"}, {"statusCode": None}, {"statusCode": True}, {"statusCode": 99}, {"statusCode": 600},
        {"statusCode": 101}, {"statusCode": 200.0}, {"statusCode": 200, "headers": ["a"]},
        {"statusCode": 200, "headers": {"x": {}}}, {"statusCode": 200, "headers": {"x": "a\r\nset-cookie: evil=1"}},
        {"statusCode": 200, "headers": {"bad name": "x"}}, {"statusCode": 200, "headers": {"": "x"}},
        {"statusCode": 200, "cookies": "one"}, {"statusCode": 200, "cookies": [1, "a\nb"]},
        {"statusCode": 200, "body": "%%%", "isBase64Encoded": True}, {"statusCode": 200, "body": "\ud800"},
    ],
)  # fmt: skip
def test_a_description_that_cannot_be_followed_is_a_bad_gateway(result):
    assert to_response(json.dumps(result).encode()) == Response(502, b"Internal Server Error")


def test_a_result_that_is_not_json_is_a_bad_gateway():
    assert to_response(b"\x00").status == to_response(b"{").status == 502


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.fixed_dictionaries(
        {"statusCode": json_values},
        optional={k: json_values for k in ("headers", "cookies", "body", "isBase64Encoded")},
    )
)
def test_whatever_a_handler_returns_there_is_a_response(result):
    made = to_response(json.dumps(result).encode())
    assert 200 <= made.status <= 599
    assert all("\r" not in text and "\n" not in text for pair in made.headers for text in pair)


class Served:
    """What the server hands over: a request as it was read, and how it was answered."""

    def __init__(self, method, headers, body=b"", query=""):
        self.method, self.headers, self.body, self.query = method, HTTPHeaders(headers), body, query

    def respond(self, status, body=b"", headers=(), content_type=None):
        self.answer = (status, body, headers, content_type)


def test_served_requests():
    request = Served("GET", {"Host": "localhost:80"}, query="a=1")
    request.headers.add("Accept", "x")
    request.headers.add("Accept", "y")
    made = json.loads(event_of(request, "hello", "/path", "127.0.0.1:80"))
    assert made["rawPath"] == "/path" and made["headers"]["accept"] == "x,y"
    assert made["requestContext"]["domainName"] == "localhost"
    assert made["queryStringParameters"] == {"a": "1"}
    respond(request, b'"hi"')
    assert request.answer == (200, b'"hi"', (), "application/json")
    respond(request, None)
    assert request.answer[0] == 502
    head = Served("HEAD", {})
    assert json.loads(event_of(head, "hello", "/", "127.0.0.1:99"))["headers"]["x-forwarded-port"] == "99"
    respond(head, b'{"statusCode": 404, "body": "gone"}')
    assert head.answer[:2] == (404, b"")
