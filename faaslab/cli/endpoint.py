"""Where commands find the platform that `faaslab serve` runs: a file, readable by the user alone, with port and token.

It lies in the user's runtime folder ($XDG_RUNTIME_DIR), or in the state folder ($XDG_STATE_HOME, ~/.local/state) where
there is none; --endpoint or FAASLAB_ENDPOINT name another file, so that several platforms may run. A file whose server
does not answer is left over from one that was killed.
"""

import contextlib
import json
import os
import secrets
from pathlib import Path

from faaslab.errors import InputError

ANSWER_TIMEOUT_S = 5.0  # for the question whether a server is there


def add_endpoint(parser):
    """The option that every command about a running platform has."""
    parser.add_argument("--endpoint", metavar="FILE", help="of the platform (default: FAASLAB_ENDPOINT, or the user's)")


def endpoint_path(args) -> Path:
    """The file that says where the platform is."""
    given = args.endpoint if args.endpoint is not None else os.environ.get("FAASLAB_ENDPOINT")
    if given is not None:
        if not given:
            raise InputError("--endpoint: expected the name of a file, got ''")
        return Path(given)
    for variable, fallback in (("XDG_RUNTIME_DIR", None), ("XDG_STATE_HOME", Path.home() / ".local" / "state")):
        folder = os.environ.get(variable) or fallback
        if folder and (variable != "XDG_RUNTIME_DIR" or Path(folder).is_dir()):
            return Path(folder) / "faaslab" / "endpoint.json"
    raise AssertionError("the state folder always has a name")


def read_endpoint(path: Path):
    """(port, token) of the platform; InputError where the file is none of ours."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return int(told["port"]), str(told["token"])
    except FileNotFoundError:
        raise InputError(f"no platform runs: expected the file {path} of `faaslab serve`, found none") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"endpoint: expected a file of `faaslab serve`, got {str(path)!r} ({error})") from None


def write_endpoint(path: Path, port: int, token: str) -> None:
    """Say where the platform is; InputError where another one has said so meanwhile."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    whole = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            json.dump({"port": port, "token": token, "pid": os.getpid()}, file)
        os.link(whole, path)  # all of it at once, and never over another one
    except FileExistsError:
        raise _runs(path) from None
    finally:
        os.unlink(whole)


def clear_stale(path: Path) -> None:
    """Remove the file of a platform that is gone; InputError where its platform answers."""
    if not path.exists():
        return
    port, token = read_endpoint(path)
    if answers(port, token):
        raise _runs(path)
    path.unlink(missing_ok=True)


def answers(port: int, token: str) -> bool:
    """Whether the platform of this token answers there."""
    from faaslab.runtime.client import Client

    client = Client(port, token, ANSWER_TIMEOUT_S)
    try:
        client.functions()
    except (OSError, InputError, RuntimeError):
        return False
    finally:
        client.disconnect()
    return True


@contextlib.contextmanager
def platform(args):
    """A client of the running platform, for a `with` block; what goes wrong between the two is an InputError."""
    from faaslab.runtime.client import Client, Gone, InvocationError

    path = endpoint_path(args)
    client = Client(*read_endpoint(path))
    try:
        yield client
    except Gone:
        raise InputError(
            f"no platform answers: {path} is of one that has ended or does not accept us; `faaslab serve` starts one"
        ) from None
    except (InvocationError, TimeoutError) as error:
        raise InputError(f"the platform: {error}") from None
    finally:
        client.disconnect()


def _runs(path):
    return InputError(f"serve: expected no platform that runs already, found one by {path} (--endpoint names another)")
