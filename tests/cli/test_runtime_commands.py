"""The commands of a running platform, end to end: a real server in a process of its own, found by its endpoint file."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
import urllib.request

import pytest

from faaslab.cli import main
from faaslab.cli.endpoint import clear_stale, endpoint_path, write_endpoint
from faaslab.errors import InputError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the platform's processes need Linux")

APP = """\
import os

def handler(event, context):
    print("heard", event)
    if event.get("fail"):
        raise ValueError("as told\\nin two lines")
    if "Records" in event:
        print("records", len(event["Records"]))
    return {"you": event, "mode": os.environ.get("MODE"), "é": 1}
"""


class Server:
    """`faaslab serve` in a process of its own."""

    def __init__(self, endpoint, *options):
        command = [sys.executable, "-m", "faaslab.cli", "serve", "--endpoint", str(endpoint), "--json", *options]
        self.endpoint = endpoint
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        self.told = json.loads(line)

    def end(self, number=signal.SIGINT):
        """(exit status, standard error) after this signal."""
        self.process.send_signal(number)
        _, err = self.process.communicate(timeout=30)
        return self.process.returncode, err


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    served = Server(folder / "endpoint.json", "--memory-mb", "512", "--keep-alive", "60", "--concurrency", "20")
    yield served
    served.end()


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    file = tmp_path_factory.mktemp("code") / "app.py"
    file.write_text(APP)
    return str(file)


@pytest.fixture
def run(server, monkeypatch, capsys):
    """Runs one command against the server: (exit status, standard output, standard error)."""
    monkeypatch.setenv("FAASLAB_ENDPOINT", str(server.endpoint))

    def run(*arguments):
        status = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return status, out, err

    return run


@pytest.fixture
def hello(run, app):
    assert run("deploy", "hello", app, "--env", "MODE=test")[0] == 0
    return "hello"


def json_of(answer):
    status, out, err = answer
    assert status == 0 and err == "" and out.count("\n") == 1
    return json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} in JSON"))


def until(condition, what):
    end = time.monotonic() + 15
    while not (value := condition()):
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.05)
    return value


def test_the_endpoint_is_the_users_alone(server):
    assert stat.S_IMODE(os.stat(server.endpoint).st_mode) == 0o600
    assert os.listdir(server.endpoint.parent) == ["endpoint.json"]
    assert server.told["endpoint"] == str(server.endpoint) and server.told["url"].startswith("http://127.0.0.1:")


def test_a_second_server_says_that_one_runs(run):
    status, out, err = run("serve")
    assert status == 2 and out == "" and err.count("\n") == 1 and "runs already" in err


def test_deploy_and_invoke(run, app):
    status, out, err = run("deploy", "hello", app, "--env", "MODE=test", "--memory-mb", "64", "--timeout-s", "2")
    assert (status, err) == (0, "") and out == "hello: app.handler, 64 MB, at most 2 s, start spawn\n"
    status, out, err = run("invoke", "hello", '{"name": "Ada"}')
    assert status == 0 and json.loads(out) == {"you": {"name": "Ada"}, "mode": "test", "é": 1}
    assert err.startswith("REPORT RequestId: ") and "Init Duration" in err and err.count("\n") == 1
    figures = json_of(run("invoke", "hello", "--json"))
    assert figures["value"]["you"] == {} and figures["outcome"] == "completed" and figures["start"] == "warm"
    assert figures["report"]["memory_mb"] == 64 and figures["report"]["billed_s"] > 0
    assert "heard {}" in figures["log_tail"]


def test_events_come_from_files_and_from_standard_input(run, hello, tmp_path, monkeypatch):
    import io

    (tmp_path / "event.json").write_text('{"from": "file"}')
    assert json.loads(run("invoke", hello, f"@{tmp_path}/event.json")[1])["you"] == {"from": "file"}
    monkeypatch.setattr("sys.stdin", io.StringIO('{"from": "pipe"}'))
    assert json.loads(run("invoke", hello, "-")[1])["you"] == {"from": "pipe"}


def test_a_function_that_fails_gives_status_1(run, hello):
    status, out, err = run("invoke", hello, '{"fail": true}')
    report, error = err.splitlines()
    assert status == 1 and out == "" and report.startswith("REPORT")
    assert error == "faaslab: hello failed: ValueError: as told in two lines"
    status, out, err = run("invoke", hello, '{"fail": true}', "--json")
    assert status == 1 and err == "" and json.loads(out)["error"]["errorType"] == "ValueError"


def test_a_call_that_is_turned_away_gives_status_3(run, app):
    run("deploy", "closed", app, "--reserved-concurrency", "0")
    status, out, err = run("invoke", "closed")
    assert status == 3 and out == "" and err.count("\n") == 1 and "closed turned away" in err


def test_logs(run, hello):
    for number in range(3):
        run("invoke", hello, json.dumps({"number": number}))
    status, out, _ = run("logs", hello, "--tail", "4")
    assert status == 0 and len(out.splitlines()) == 4 and "heard {'number': 2}" in out
    assert out.splitlines()[-1].startswith("REPORT")
    assert json_of(run("logs", hello, "--json"))["lines"][-1].startswith("REPORT")
    assert run("logs", hello, "--tail", "0")[1] == ""


def test_following_a_log(run, hello, server):
    command = [sys.executable, "-m", "faaslab.cli", "logs", hello, "--follow", "--tail", "0"]
    with subprocess.Popen(
        [*command, "--endpoint", server.endpoint], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as follower:
        try:
            time.sleep(1.0)
            run("invoke", hello, '{"told": "later"}')
            assert follower.stdout.readline().startswith("START")
            assert follower.stdout.readline() == "heard {'told': 'later'}\n"
        finally:
            follower.send_signal(signal.SIGINT)
        assert follower.wait(10) == 130


def test_ps_and_stats(run, hello):
    run("invoke", hello)
    status, out, _ = run("ps")
    assert status == 0 and out.split()[:3] == ["id", "function", "state"] and " idle " in out
    containers = json_of(run("ps", "--json"))["containers"]
    (row,) = [row for row in containers if row["function"] == hello]
    assert row["state"] == "idle" and os.path.exists(f"/proc/{row['pid']}")
    status, out, _ = run("stats")
    assert status == 0 and "functions, up" in out and "cost_usd" in out
    figures = json_of(run("stats", "--json"))["functions"][hello]
    assert figures["calls"] >= 1 and figures["cost_usd"] > 0


def test_watching_goes_on_until_interrupted(run, hello, monkeypatch):
    looks = []

    def sleep(seconds):
        looks.append(seconds)
        if len(looks) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr("faaslab.cli.stats.time.sleep", sleep)
    status, out, err = run("stats", "--watch", "--json")
    assert status == 130 and err == "faaslab: interrupted\n" and looks == [1.0] * 3
    assert [json.loads(line)["functions"].keys() >= {hello} for line in out.splitlines()] == [True] * 3


def test_asynchronous_calls(run, hello):
    status, out, err = run("invoke", hello, '{"later": 1}', "--async")
    assert status == 0 and err == "" and len(out.strip()) == 36
    until(lambda: "heard {'later': 1}" in run("logs", hello)[1], "the asynchronous call")


def test_triggers(run, app, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    arguments = ["--url", "--queue", "jobs", "--watch", folder, "--stream", "clicks", "--every", "600"]
    figures = json_of(run("deploy", "triggered", app, *arguments, "--json"))
    assert [trigger["kind"] for trigger in figures["triggers"]] == ["url", "timer", "queue", "storage", "stream"]
    assert figures["function"]["readable"] == [str(folder)]
    with urllib.request.urlopen(figures["url"] + "a/path?x=1", timeout=10) as response:
        heard = json.load(response)["you"]
    assert heard["rawPath"] == "/a/path" and heard["queryStringParameters"] == {"x": "1"}
    (folder / "photo").write_text("x")
    until(lambda: "records 1" in run("logs", "triggered")[1], "the notification of a file")
    status, out, err = run("deploy", "triggered", app, "--url", "--every", "5")
    assert (status, err) == (0, "") and "url: http://" in out, "triggers of the same name are replaced"
    assert json_of(run("deploy", "triggered", "--remove", "--json")) == {"removed": "triggered"}
    assert run("invoke", "triggered")[0] == 2


def test_calibrate(run, hello):
    figures = json_of(run("calibrate", hello, "--starts", "2", "--calls", "5", "--json", "--event", '{"a": 1}'))
    assert figures["function"] == hello and figures["start"] == "spawn" and figures["seed"] == 1
    assert figures["samples"]["cold start"]["count"] == 2 and figures["samples"]["call"]["count"] == 5
    assert figures["samples"]["cold start"]["median_s"] > figures["samples"]["call"]["median_s"] > 0


BAD = {
    "no such function": (["invoke", "nobody"], "nobody"),
    "no such log": (["logs", "nobody"], "nobody"),
    "no such function to remove": (["deploy", "nobody", "--remove"], "nobody"),
    "an event that is no JSON": (["invoke", "hello", "{"], "EVENT"),
    "an event file that is not there": (["invoke", "hello", "@/no/such"], "/no/such"),
    "no source": (["deploy", "x"], "SOURCE"),
    "a source that is not there": (["deploy", "x", "/no/such"], "/no/such"),
    "a bad name": (["deploy", "a b", "APP"], "a b"),
    "a bad start mode": (["deploy", "x", "APP", "--start", "warm"], "warm"),
    "a bad variable": (["deploy", "x", "APP", "--env", "MODE"], "MODE"),
    "a bad schedule": (["deploy", "x", "APP", "--cron", "often"], "often"),
    "two schedules": (["deploy", "x", "APP", "--cron", "* * * * *", "--every", "5"], "either"),
    "a folder that is not there": (["deploy", "x", "APP", "--watch", "/no/such"], "/no/such"),
    "a folder to write that is not there": (["deploy", "x", "APP", "--writable", "/no/such"], "/no/such"),
    "nothing to import ahead": (["deploy", "x", "APP", "--preload", "json"], "--preload"),
    "a port that is taken": (["serve", "--endpoint", "OTHER", "--port", "PORT"], "port: expected one that is free"),
    "remove with more": (["deploy", "x", "--remove", "--url"], "--url"),
    "a negative tail": (["logs", "hello", "--tail", "-1"], "--tail"),
    "follow as JSON": (["logs", "hello", "--follow", "--json"], "--follow"),
    "one start": (["calibrate", "hello", "--starts", "1"], "--starts"),
    "calibrate nobody": (["calibrate", "nobody"], "nobody"),
    "a port that is none": (["serve", "--endpoint", "OTHER", "--port", "70000"], "--port"),
    "no concurrency": (["serve", "--endpoint", "OTHER", "--concurrency", "0"], "--concurrency"),
    "a bad policy": (["serve", "--endpoint", "OTHER", "--keep-alive", "histgram"], "histgram"),
    "no memory": (["serve", "--endpoint", "OTHER", "--memory-mb", "0"], "--memory-mb"),
    "no name of an endpoint": (["ps", "--endpoint", ""], "--endpoint"),
    "no endpoint": (["ps", "--endpoint", "OTHER"], "no platform runs"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_clear_line(run, hello, app, tmp_path, server, name):
    arguments, word = BAD[name]
    port = server.told["url"].rpartition(":")[2]
    places = {"APP": app, "OTHER": str(tmp_path / "other.json"), "PORT": port}
    status, out, err = run(*(places.get(argument, argument) for argument in arguments))
    assert (status, out) == (2, "") and err.startswith("faaslab: error: ") and err.count("\n") == 1
    assert word in err


@pytest.mark.parametrize(("options", "word"), [((), "has no app.py"), (("--handler", "main"), "names no module")])
def test_a_handler_that_is_not_there_is_noted(run, tmp_path, options, word):
    (tmp_path / "main.py").write_text("def handler(event, context): pass\n")
    status, _, err = run("deploy", "lost", tmp_path, *options)
    assert status == 0 and word in err and err.count("\n") == 1
    assert run("deploy", "lost", tmp_path, "--handler", "main.handler")[2] == ""
    assert run("deploy", "lost", "--remove")[0] == 0


def test_the_end_leaves_nothing_and_the_state_goes_on(app, tmp_path, capsys):
    endpoint, state = tmp_path / "endpoint.json", tmp_path / "state"
    served = Server(endpoint, "--state", str(state))
    options = ["--endpoint", str(endpoint)]
    assert main(["deploy", "hello", app, *options]) == 0
    assert main(["invoke", "hello", *options]) == 0
    capsys.readouterr()
    assert main(["ps", "--json", *options]) == 0
    (row,) = json.loads(capsys.readouterr().out)["containers"]
    assert served.end() == (0, "")
    assert not endpoint.exists() and not os.path.exists(f"/proc/{row['pid']}")
    served = Server(endpoint, "--state", str(state))
    assert main(["invoke", "hello", *options]) == 0, "the function was kept in the state"
    assert served.end(signal.SIGTERM) == (0, "")


def test_a_file_left_by_a_killed_server_is_recognised(app, tmp_path, capsys):
    endpoint = tmp_path / "endpoint.json"
    options = ["--endpoint", str(endpoint)]
    Server(endpoint).end(signal.SIGKILL)
    assert endpoint.exists()
    until(lambda: main(["ps", *options]) == 2, "the platform's end")
    assert "no platform answers" in capsys.readouterr().err
    served = Server(endpoint)
    assert main(["ps", *options]) == 0
    assert served.end() == (0, "")


def test_where_the_endpoint_lies(tmp_path, monkeypatch):
    class Args:
        endpoint = None

    monkeypatch.delenv("FAASLAB_ENDPOINT", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert endpoint_path(Args) == tmp_path / "faaslab" / "endpoint.json"
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "gone"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert endpoint_path(Args) == tmp_path / "state" / "faaslab" / "endpoint.json"
    monkeypatch.setenv("FAASLAB_ENDPOINT", "here.json")
    assert str(endpoint_path(Args)) == "here.json"


def test_of_two_servers_that_begin_at_once_one_wins(tmp_path):
    path = tmp_path / "deep" / "endpoint.json"
    clear_stale(path)
    write_endpoint(path, 1, "first")
    with pytest.raises(InputError, match="runs already"):
        write_endpoint(path, 2, "second")
    assert json.loads(path.read_text())["token"] == "first" and os.listdir(path.parent) == ["endpoint.json"]


def test_a_file_that_is_no_endpoint_is_left_alone(tmp_path, capsys):
    path = tmp_path / "notes.txt"
    path.write_text("mine")
    for command in ("serve", "ps"):
        assert main([command, "--endpoint", str(path)]) == 2
        assert "notes.txt" in capsys.readouterr().err
    assert path.read_text() == "mine"


def test_other_commands_do_not_load_the_platform():
    code = (
        "import sys, faaslab.cli.main; print([m for m in sys.modules if m.startswith(('faaslab.runtime', 'tornado'))])"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded == "[]\n"
