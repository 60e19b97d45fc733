"""Handlers that take more memory than they have: they are ended, at once or when it is seen; their neighbours go on."""

import pytest
from fault_lab import Neighbour, eventually, figures, function, lives

from faaslab.model.result import Outcome
from faaslab.policies import FixedWindow
from faaslab.runtime import Runtime

CODE = """
    import mmap, os, time
    MB = 2**20

    def grow(write=None):
        held = []
        while True:
            held.append(bytearray(os.urandom(16)) * (MB // 16))
            time.sleep(0.002)

    def grow_shared():
        held = []
        while True:
            held.append(mmap.mmap(-1, MB))
            held[-1].write(b"x" * MB)
            time.sleep(0.002)

    def in_child(sessions=False, wait=True):
        child = os.fork()
        if child == 0:
            if sessions:
                os.setsid()
                if os.fork() != 0:
                    os._exit(0)
            os.write(1, b"started %d\\n" % os.getpid())
            grow()
        os.waitpid(child, 0)
        if sessions:
            time.sleep(3600)
        return "the child has ended"

    def many_children():
        for _ in range(6):  # each within the limit, together above it
            if os.fork() == 0:
                held = bytearray(os.urandom(16)) * (MB * 40 // 16)
                time.sleep(3600)
        time.sleep(3600)

    WAYS = {
        "at once": lambda: len(bytearray(2 * 10**9)),
        "slowly": grow,
        "slowly, shared": grow_shared,
        "in a child": in_child,
        "in a grandchild of its own session": lambda: in_child(sessions=True),
        "in many children": many_children,
    }

    def handler(event, context):
        return WAYS[event["way"]]()
"""

EXPECTED = {
    "at once": "MemoryError",
    "slowly": "Runtime.ExitError",
    "slowly, shared": "Runtime.ExitError",
    "in a child": "Runtime.ExitError",
    "in a grandchild of its own session": "Runtime.ExitError",
    "in many children": "Runtime.ExitError",
}


@pytest.mark.parametrize("start", ["spawn", "zygote"])
def test_who_takes_too_much_memory_is_ended(tmp_path, start):
    with Runtime(keep_alive=FixedWindow(60), memory_mb=2048) as cloud:
        cloud.deploy("eater", function(tmp_path / "eater", CODE), start=start, timeout_s=60)
        most = {}
        with Neighbour(cloud, tmp_path) as neighbour:
            for way, kind in EXPECTED.items():
                answer = cloud.invoke("eater", {"way": way})
                assert answer.outcome == Outcome.FAILED, (way, answer.value)
                assert answer.error["errorType"] == kind, way
                if kind == "Runtime.ExitError":
                    assert "signal: killed" in answer.error["errorMessage"], way
                    assert answer.report.used_mb > 128, way
                most[way] = round(answer.report.used_mb)
        words = [line.split()[1] for line in cloud.logs("eater").splitlines() if line.startswith("started ")]
        eventually(lambda: not any(lives(int(word)) for word in words), "no child left")
        figures(f"over a memory of 128 MB, start {start}", most_mb=most, neighbours_calls=neighbour.calls)
