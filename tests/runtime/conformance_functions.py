"""The cases of the conformance test of the platform: functions, what they are called with, what must come of it.

Each is deployed twice, once for our client of the Runtime API and once for AWS's, and called with each of its events.
"""

from dataclasses import dataclass, field

from conformance_cases import BROKEN, ERRORS, EVENTS, EXITS, EXITS_AT_IMPORT, HANDLERS, IMPORTS, LOGGING, VALUES, app


@dataclass(frozen=True)
class Case:
    """files: texts by path. events: bytes each. error_types: the errorType of each answer, None where it completed; a
    single one stands for all. client_context: JSON. options: of the deployment. in_log: texts
    that the log must have."""

    files: dict
    events: tuple = (b"{}",)
    error_types: tuple = (None,)
    handler: str = "app.handler"
    client_context: str | None = None
    options: dict = field(default_factory=dict)
    in_log: tuple = ()

    def error_type(self, number):
        return self.error_types[min(number, len(self.error_types) - 1)]


def one(body, before="", **fields):
    """A case whose handler has this body."""
    return Case({"app.py": app(body, IMPORTS + before)}, **fields)


def whole(code, **fields):
    """A case whose module has this text."""
    return Case({"app.py": code}, **fields)


MB = 2**20
LARGE = {"memory_mb": 1024, "timeout_s": 30.0}
EXIT = ("Runtime.ExitError",)
IMPORT = ("Runtime.ImportModuleError",)
CONTEXT = """
import threading
names = [name for name in dir(context) if not name.startswith("_")]
values = {name: getattr(context, name) for name in names if not callable(getattr(context, name))}
methods = [name for name in names if callable(getattr(context, name))]
first = context.get_remaining_time_in_millis()
time.sleep(0.02)
second = context.get_remaining_time_in_millis()
client = context.client_context
if client is not None:
    values["client_context"] = [client.custom, client.env, client.client and [
        getattr(client.client, name) for name in dir(client.client) if not name.startswith("__")]]
identity = context.identity
values["identity"] = [identity.cognito_identity_id, identity.cognito_identity_pool_id]
return {"values": values, "methods": methods, "text": repr(context), "bounded": 0 < second < first <= 3000,
        "types": {name: type(value).__name__ for name, value in vars(context).items()}, "w3c": context.w3c(),
        "log": context.log("logged\\n")}
"""
SURROUNDINGS = """
return {"environment": dict(sorted(os.environ.items())), "cwd": os.getcwd(), "path": sys.path, "argv": sys.argv[1:],
        "file": __file__, "name": __name__, "package": __package__, "flags": [sys.flags.utf8_mode, sys.flags.isolated],
        "folder": sorted(os.listdir(".")), "streams": [sys.stdin.read(), sys.stdout.fileno(), sys.stderr.fileno()],
        "encodings": [sys.stdout.encoding, sys.getfilesystemencoding(), sys.getdefaultencoding()],
        "stdout": [sys.stdout.isatty(), sys.stdout.write(""), sys.stdout.writelines(["lines\\n"])],
        "limits": [sys.getrecursionlimit(), sys.getswitchinterval()], "tz": time.tzname, "umask": os.umask(0o022),
        "tmp": os.environ["TMPDIR"] == os.environ["HOME"], "level": logging.getLogger().level,
        "handlers": len(logging.getLogger().handlers), "threads": __import__("threading").active_count(),
        "umasked": __import__("tempfile").gettempdir() == os.environ["TMPDIR"], "dont": sys.dont_write_bytecode,
        "main": hasattr(sys.modules["__main__"], "handler"), "warned": __import__("warnings").filters[:1] == []}
"""
OUTPUT = r"""
print("a line")
print("a part, ", end="")
print("and its rest")
sys.stdout.write("no line end; ")
sys.stdout.flush()
os.write(1, b"raw bytes \xff\x00\xfe\n")
sys.stdout.buffer.write(b"through the buffer \xc3\x28\n")
sys.stdout.buffer.flush()
os.write(2, b"to standard error\n")
print("\u00e9\u4e16\U0001f600", "tab\t", "return\r", "\x1b[31m")
print("x" * 300_000)
print("\n\nempty lines\n")
os.system("echo from a child")
return None
"""
GROUP = """
try:
    raise ExceptionGroup("one", [ValueError(1), ExceptionGroup("two", [KeyError("k"), OSError(2, "no")])])
except* ValueError as group:
    raise TypeError("within") from group
"""
ODD_EXCEPTIONS = """
class NoText(Exception):
    def __str__(self): raise RuntimeError("no text")
class NotText(Exception):
    def __str__(self): return 3
class Named(Exception):
    errorType = "Mine"
    def __init__(self, code): self.code = code
class Notes(Exception): pass
class Long(Exception): pass
Renamed = type("a name with spaces \\u00e9", (Exception,), {"__module__": None})
class Attribute(Exception):
    def __getattr__(self, name): raise ValueError(name)
def odd(event):
    if event == "notes":
        error = Notes("noted")
        error.add_note("a note")
        raise error
    if event == "chain":
        try:
            raise KeyError("first")
        except KeyError:
            raise ValueError("second") from None
    if event == "no trace":
        raise ValueError("x").with_traceback(None)
    if event == "two arguments":
        raise OSError(2, "text", "file")
    if event == "unicode":
        raise UnicodeDecodeError("utf-8", b"\\xff", 0, 1, "bad")
    if event == "surrogate":
        raise ValueError("\\ud800")
    if event == "bytes":
        raise ValueError(b"bytes", {1})
    raise {"named": Named(4), "long": Long("x" * 70_000), "renamed": Renamed("r"), "attribute": Attribute("a")}[event]
"""
ODD = ("named", "long", "renamed", "attribute", "notes", "chain", "no trace", "two arguments", "unicode", "bytes")
ODD_TYPES = (
    "Named", "Long", "a name with spaces \u00e9", "Attribute", "Notes", "ValueError", "ValueError",
    "FileNotFoundError", "UnicodeDecodeError", "ValueError",
)  # fmt: skip
ERROR_TYPES = (
    "ValueError", "ValueError", "ValueError", "KeyError", "ZeroDivisionError", "ZeroDivisionError",
    "FileNotFoundError", "AttributeError", "StopIteration", "JSONDecodeError", "MemoryError", "FileNotFoundError",
    "AssertionError", "ExceptionGroup",
)  # fmt: skip
BROKEN_TYPES = {
    "no such module": IMPORT, "no such package": IMPORT, "no such function": ("Runtime.HandlerNotFound",),
    "module without a function's name": ("Runtime.MalformedHandlerName",),
    "built-in module": ("Runtime.BuiltInModuleConflict",),
    "built-in module's child": ("Runtime.BuiltInModuleConflict",),
    "syntax error": ("Runtime.UserCodeSyntaxError",), "indentation": ("Runtime.UserCodeSyntaxError",),
    "syntax error in another file": ("Runtime.UserCodeSyntaxError",), "import error": IMPORT,
    "import of a name": IMPORT, "import error in another file": IMPORT, "exception": ("ValueError",),
    "exception in another file": ("ZeroDivisionError",), "exception without text": ("ValueError",),
    "key error": ("KeyError",), "own exception": ("Odd",), "name of a folder alone": IMPORT,
}  # fmt: skip
THREADS = """
COUNT.append(1)
if len(COUNT) == 1:
    threading.Thread(target=lambda: [time.sleep(0.05), COUNT.append("late")], daemon=True).start()
else:
    time.sleep(0.3)
return [threading.active_count(), COUNT]
"""


def values():
    """How many values the answers of conformance_cases have."""
    namespace = {}
    exec(IMPORTS + VALUES, namespace)
    return len(namespace["VALUES"])


def of_errors():
    cases = "".join(app(body).replace("handler", f"case_{number}") for number, body in enumerate(ERRORS.values()))
    events = tuple(b"%d" % number for number in range(len(ERRORS)))
    return whole(cases + app('return globals()[f"case_{event}"](event, context)'), events=events,
                 error_types=ERROR_TYPES)  # fmt: skip


CASES = {
    "events": one("return [repr(event)[:1000], type(event).__name__]",
                  events=tuple(event for event in EVENTS if not event.startswith(b"\xef"))),
    "no event": one("return event", events=(b"",)),
    "answers": one("return VALUES[event]", VALUES, events=tuple(b"%d" % n for n in range(values())),
                   error_types=(...,)),
    "context": one(CONTEXT, events=(b"{}", b"{}")),
    "context, from a zygote": one(CONTEXT, options={"start": "zygote"}),
    "logging, from a zygote": one(LOGGING, options={"start": "zygote", "preload": ["json", "logging"]}),
    "surroundings, prewarmed": one(SURROUNDINGS, options={"start": "prewarmed"}),
    "output, prewarmed": one(OUTPUT, options={"start": "prewarmed"}),
    "broken, from a zygote": whole("1 / 0\n", error_types=("ZeroDivisionError",), options={"start": "zygote"}),
    "client context": one(CONTEXT, client_context='{"custom": {"a": "\u00e9"}, "env": {"b": "2"}, "client": '
                              '{"app_title": "t", "installation_id": "i", "odd": 1}, "w3c": {"traceparent": "00-1"}}'),
    "an odd client context": one("return repr(context.client_context)", client_context='{"custom": null}'),
    "a client context of several lines": one(CONTEXT, client_context='{"custom":\r\n {"a": "\u4e16\\n"}}'),
    "a client context that is no object": one("return 1", client_context="[1]", error_types=(...,)),
    "surroundings": one(SURROUNDINGS),
    "own environment": one("return [os.environ.get(n) for n in ('MINE', 'LANG', 'TZ', 'PATH')]",
                           options={"environment": {"MINE": "\u00e9 =", "LANG": "C", "TZ": "Asia/Tokyo"}}),
    "logging": one(LOGGING, "logging.warning('at import')\nprint('at import')\n", events=(b"{}", b"{}")),
    "logging at debug": one("for n in (5, 10, 20, 30, 40, 50): logging.log(n, 'level %d', n)\n"
                            "logging.getLogger('a').critical({'a': 1})\nlogging.error('\\u00e9', exc_info=True)\n"
                            "logging.warning('%d', 'no number')",
                            "logging.getLogger().setLevel(1)\n", error_types=("TypeError",)),
    "logging set up by the function": one("logging.info('mine')\nlogging.getLogger('a').warning('mine')",
                                          "logging.basicConfig(level='INFO', force=True, format='%(message)s')\n"),
    "warnings": one("import warnings\nwarnings.warn('careful')\nwarnings.warn('old', DeprecationWarning)"),
    "output": one(OUTPUT),
    "output at import": one("print('in the handler')", "print('at import', end='')\nsys.stderr.write('error')\n"),
    "a part of a line": one("print('a part', end='')", events=(b"{}", b"{}")),
    "state": one("STATE.append(event)\nos.environ['SET'] = 'x' + os.environ.get('SET', '')\nreturn [STATE, "
                 "os.environ['SET'], os.path.exists(os.environ['TMPDIR'] + '/f'), "
                 "open(os.environ['TMPDIR'] + '/f', 'w').close()]", "STATE = []\n", events=(b"1", b"2", b"3")),
    "threads": one(THREADS, "import threading\nCOUNT = []\n", events=(b"1", b"2")),
    "a coroutine": whole("async def handler(event, context):\n    return 1\n", events=(b"1", b"2"),
                         error_types=("Runtime.MarshalError",), in_log=("was never awaited",)),
    "a generator": one("yield 1", error_types=("Runtime.MarshalError",)),
    "errors": of_errors(),
    "odd errors": one("odd(event)", ODD_EXCEPTIONS, events=tuple(f'"{name}"'.encode() for name in ODD),
                      error_types=ODD_TYPES),
    "errors among errors": one(GROUP, error_types=("ExceptionGroup",)),
    "an error without a text": one("raise NoText", ODD_EXCEPTIONS, error_types=EXIT),
    "an error whose text is none": one("raise NotText", ODD_EXCEPTIONS, error_types=EXIT),
    "an error with half a character": one("odd('surrogate')", ODD_EXCEPTIONS, error_types=(...,)),
    "runaway recursion": one("return handler(event, context)", error_types=("RecursionError",)),
    "large payloads": one("return event", events=(b'"%s"' % (b"x" * (6 * MB - 2)),), options=LARGE),
    "one byte too much": one("return 'x' * event", events=(b"%d" % (6 * MB - 2), b"%d" % (6 * MB - 1)),
                             error_types=(None, "Function.ResponseSizeTooLarge"), options=LARGE),
    "large text beyond ASCII": one("return '\\u00e9' * event", events=(b"1000000",), options=LARGE),
    "time-out": one("print('before')\ntime.sleep(20)", error_types=("Sandbox.Timedout",), options={"timeout_s": 0.5},
                    in_log=("before\n", " Task timed out after 0.50 seconds\n")),
    "time-out in a loop": one("try:\n    while True: pass\nfinally: print('never')", error_types=("Sandbox.Timedout",),
                              options={"timeout_s": 0.5}),
    "time-out at import": whole("print('before', flush=True)\nimport time\ntime.sleep(20)\n",
                                error_types=("Sandbox.Timedout",), options={"init_timeout_s": 2.0}),
    "too much memory": one("x = bytearray(200 * 2**20)\ntime.sleep(10)", error_types=EXIT),
    "an allocation beyond all limits": one("bytearray(2**33)", error_types=("MemoryError",)),
    "a handler that is no function": whole("handler = 3\n", error_types=("TypeError",)),
    "a handler of one argument": whole("def handler(event): return 1\n", error_types=("TypeError",)),
    "a handler with default arguments": whole("def handler(event=1, context=2, more=3): return more\n"),
    "a method": whole("class C:\n    def handle(self, event, context): return [event]\nhandler = C().handle\n"),
    "a partial function": whole("import functools\nhandler = functools.partial(lambda a, b, c: a, 5)\n"),
    "an object": whole("class C:\n    def __call__(self, event, context): return [event]\nhandler = C()\n"),
    "a process that is started": one("import subprocess\nreturn subprocess.run(['echo', 'x'], text=True, "
                                     "capture_output=True).stdout"),
    "a pool of threads": one("from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(4) as p: "
                             "return list(p.map(lambda n: n * n, range(5)))"),
    "asyncio": one("import asyncio\nasync def f(): return 1\nreturn asyncio.run(f())", events=(b"1", b"2")),
    "a signal handler": one("import signal\nsignal.signal(signal.SIGUSR1, lambda *_: print('signal'))\n"
                            "os.kill(os.getpid(), signal.SIGUSR1)\nreturn 1"),
    "at the end of the process": one("atexit.register(print, 'at exit')\nsys.exit(4)", "import atexit\n",
                                     error_types=EXIT),
    "half an answer's character": one("return ['\\ud800']", error_types=(...,)),
    "an answer far too long": one("return 'x' * event", events=(b"%d" % (70 * MB),),
                                  error_types=EXIT, options=LARGE),
    "output closed": one("os.close(1)\nreturn 1", error_types=(None,)),
}  # fmt: skip
EXITED = " Error: Runtime exited with error: "
CASES |= {f"ends: {name}": whole(code, error_types=EXIT, in_log=(EXITED,)) for name, code in EXITS.items()}
CASES |= {f"ends at import: {name}": whole(code, error_types=EXIT) for name, code in EXITS_AT_IMPORT.items()}
CASES |= {f"handler: {name}": Case(files, handler=handler) for name, (handler, files) in HANDLERS.items()}
CASES |= {
    f"broken: {name}": Case(files or {"README": ""}, handler=handler, error_types=BROKEN_TYPES[name])
    for name, (handler, files) in BROKEN.items()
}
