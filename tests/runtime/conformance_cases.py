"""The cases of the conformance test: events, answers, handlers, errors, ends."""


def app(body, before=""):
    return f"{before}\ndef handler(event, context):\n" + "".join(f"    {line}\n" for line in body.splitlines())


CONTEXT = """
c = context
names = ("aws_request_id", "log_group_name", "function_name", "memory_limit_in_mb", "function_version",
         "invoked_function_arn", "tenant_id")
left = c.get_remaining_time_in_millis()
more = [c.client_context and [c.client_context.custom, c.client_context.env, c.client_context.client
        and c.client_context.client.app_title], c.identity.cognito_identity_id, c.identity.cognito_identity_pool_id]
return [[getattr(c, name) for name in names], 0 < left <= 3000, type(left).__name__, more, c.w3c(), sorted(vars(c)),
        re.sub(r"log_stream_name=[^,]*", "", repr(c)), os.environ.get("_X_AMZN_TRACE_ID")]
"""
CLIENT = (
    '{"custom": {"a": 1}, "env": {"b": "2"}, "client": {"app_title": "t"}, "w3c": {"traceparent": "00-1", "x": "y"}}'
)
IDENTITY = '{"cognitoIdentityId": "i", "cognitoIdentityPoolId": "p"}'
VALUES = """
class Point(NamedTuple):
    x: int
    y: object
class Colour(enum.IntEnum):
    RED = 3
class Text(str): pass
class Table(collections.OrderedDict): pass
circle = []
circle.append(circle)
class Odd:
    def _asdict(self): return {"odd": 1}
VALUES = [
    None, True, 0, -1, 2**70, 1.5, 1e300, float("nan"), float("inf"), -float("inf"), "text",
    "\\u00e9\\u4e16\\U0001f600\\x00\\n\\"",
    [], {}, (), [[], {}], {"a": {"b": [1, (2, 3)]}}, {1: 2, 1.5: 3, True: 4, None: 5, "s": 6}, (1, 2),
    decimal.Decimal("1.10"), [decimal.Decimal("NaN"), decimal.Decimal("-0"), decimal.Decimal("1E+3")],
    {"d": decimal.Decimal(7)},
    Point(1, Point(2, [3])), [Point(1, 2)], {"p": Point(1, decimal.Decimal("2.5"))}, Colour.RED,
    {"c": [Colour.RED]}, Text("t"),
    Table(a=1), collections.defaultdict(int, z=1), [b"bytes"], {b"key": b"value"}, {"deep": [[[[[[b"x"]]]]]]}, Odd(),
    b"raw bytes \\xff", "x" * 100000, list(range(2000)),
    {1, 2}, object(), [object()], {(1, 2): 3}, {Point(1, 2): 3}, datetime.datetime(2020, 1, 1), circle,
    {"c": circle}, 1j,
    (x for x in "ab"), bytearray(b"x"), b"", [b"\\xff"], {"o": {"o": object()}}, lambda: 0,
    "\\ud800", [Text("u"), 1.0, True],
    uuid.UUID(int=1), pathlib.Path("x"), Exception("e"), range(3), collections.deque([1]), fractions.Fraction(1, 3),
]
"""
IMPORTS = """
import collections, datetime, decimal, enum, fractions, logging, os, pathlib, re, sys, time, uuid
from typing import NamedTuple
"""
EVENTS = (
    b"{}", b"null", b"[1, 2.5, 1e400, -0, 1E3]", b'"\\u00e9"', '"é世😀"'.encode(), b' {"a" : 1} ',
    b"12345678901234567890123",
    b'{"a": 1, "a": 2}', b"0.1", b"true", b'\xef\xbb\xbf{"bom": 1}', b'"' + b"x" * 300_000 + b'"',
)  # fmt: skip
BAD_EVENTS = (b"", b"{", b"[1,]", b"NaN", b"[Infinity]", b'"\xff"', b"{} x", b"'a'")
LOGGING = """
print("printed", end="")
print(" and more")
print("to standard error", file=sys.stderr)
os.write(1, b"raw\\n")
logging.warning("warned %d", 1)
logging.getLogger("x").error("error")
logging.info("not seen")
logging.getLogger().setLevel("INFO")
logging.getLogger("a.b").info("seen\\nin two lines")
context.log("from the context")
context.log({"a": 1})
try:
    1 / 0
except ZeroDivisionError:
    logging.exception("caught")
"""
HANDLERS = {
    "dots": ("pkg.app.handler", {"pkg/app.py": app("return __name__")}),
    "slash": ("pkg/app.handler", {"pkg/app.py": app("return __name__")}),
    "package": ("pkg.handler", {"pkg/__init__.py": app("return [__name__, __file__[-15:]]")}),
    "relative": ("pkg/app.handler", {"pkg/app.py": app("return x", "from .other import x"), "pkg/other.py": "x = 3\n"}),
    "sibling": ("app.handler", {"app.py": app("return x", "from other import x"), "other.py": "x = 3\n"}),
    "a class": ("app.handler", {
        "app.py": "class handler:\n    def __new__(cls, event, context):\n        return [event]\n",
    }),
    "named like our files": ("app.handler", {
        "app.py": app("return [x.y for x in (bootstrap, client, container, context_)]",
                      "import bootstrap, client, container\nimport context as context_"),
        "bootstrap.py": "y = 1\n", "client.py": "y = 2\n", "container.py": "y = 3\n", "context.py": "y = 4\n",
    }),
    "no __main__ guard": ("app.handler", {
        "app.py": app("return __name__", "if __name__ == '__main__':\n    raise ValueError"),
    }),
    "data beside it": ("app.handler", {"app.py": app("return open('data.txt').read()"), "data.txt": "data"}),
}  # fmt: skip
BROKEN = {
    "no such module": ("nothing.handler", {}),
    "no such package": ("pkg/app.handler", {}),
    "no such function": ("app.nothing", {"app.py": app("return 1")}),
    "module without a function's name": ("app", {"app.py": app("return 1")}),
    "built-in module": ("sys.handler", {}),
    "built-in module's child": ("time.x.handler", {}),
    "syntax error": ("app.handler", {"app.py": "def handler(event, context)\n    return 1\n"}),
    "indentation": ("app.handler", {"app.py": "def handler(event, context):\nreturn 1\n"}),
    "syntax error in another file": ("app.handler", {"app.py": "import other\n", "other.py": "x ==== 1\n"}),
    "import error": ("app.handler", {"app.py": "import no_such_module\n"}),
    "import of a name": ("app.handler", {"app.py": "from os import no_such_name\n"}),
    "import error in another file": ("app.handler", {"app.py": "import other\n", "other.py": "import nothing\n"}),
    "exception": ("app.handler", {"app.py": "def inner():\n    raise ValueError('at import')\n\ninner()\n"}),
    "exception in another file": ("app.handler", {"app.py": "import other\n", "other.py": "1 / 0\n"}),
    "exception without text": ("app.handler", {"app.py": "raise ValueError\n"}),
    "key error": ("app.handler", {"app.py": "import os\nos.environ['NOT_THERE']\n"}),
    "own exception": ("app.handler", {"app.py": "class Odd(Exception):\n    pass\nraise Odd('é\\n  two')\n"}),
    "name of a folder alone": ("pkg/.handler", {"pkg/__init__.py": ""}),
}  # fmt: skip
EXITS = {
    "sys.exit in the handler": app("sys.exit(7)", "import sys"),
    "sys.exit with a text": app("sys.exit('bye')", "import sys"),
    "os._exit in the handler": app("os._exit(8)", "import os"),
    "an interrupt": app("raise KeyboardInterrupt"),
    "another base exception": app("raise Stop('now')", "class Stop(BaseException): pass"),
    "a generator's exit": app("raise GeneratorExit"),
    "killed": app("os.kill(os.getpid(), 9)", "import os"),
    "aborted": app("os.abort()", "import os"),
}
EXITS_AT_IMPORT = {
    "sys.exit": "import sys\nsys.exit(9)\n",
    "sys.exit with nothing": "import sys\nsys.exit()\n",
    "os._exit": "import os\nos._exit(3)\n",
    "an interrupt": "raise KeyboardInterrupt\n",
}
ERRORS = {
    "an exception": "raise ValueError('bad')",
    "text beyond ASCII": "raise ValueError('é世\\n  second line')",
    "no text": "raise ValueError",
    "a cause": "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise KeyError('k') from e",
    "depth": "def f(n):\n    return 1 / n if n == 0 else f(n - 1)\nf(3)",
    "a frame without a file": "exec('1 / 0')",
    "compiled text": "exec(compile('\\n\\nraise OSError(2, \"no\")', 'made.py', 'exec'))",
    "wrong arguments": "context.nothing()",
    "a stop": "next(iter([]))",
    "a subclass": "import json\njson.loads('{')",
    "out of memory": "raise MemoryError",
    "os error": "open('/no/such/file')",
    "assertion": "assert event == 1, event",
    "a group": "raise ExceptionGroup('g', [ValueError(1), KeyError(2)])",
}
