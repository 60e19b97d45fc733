"""A handler that writes logs without end: the file is bounded, and everyone else is served meanwhile."""

import threading

import pytest
from fault_lab import Neighbour, eventually, figures, function

from faaslab.policies import FixedWindow
from faaslab.runtime import Runtime
from faaslab.runtime.sandbox.process_usage import rss_mb
from faaslab.runtime.server.logs import LIMIT_BYTES

MB = 2**20
WRITTEN_MB = 100

CODE = """
    import os, threading

    def write(mb, line):
        piece = line * (2**16 // len(line))
        for _ in range(mb * 16):
            os.write(1, piece)

    def handler(event, context):
        line = b"x" if event.get("one_line") else b"a line of a log that nobody will ever read to its end\\n"
        if event.get("later"):
            threading.Thread(target=write, args=(event["mb"], line), daemon=True).start()
        else:
            write(event["mb"], line)
        return "written"
"""


@pytest.mark.parametrize(
    "event", [{}, {"one_line": True}, {"later": True}], ids=["lines", "one line", "after the answer"]
)
def test_a_flood_of_output_is_bounded(tmp_path, event):
    with Runtime(keep_alive=FixedWindow(600), memory_mb=1024) as cloud:
        cloud.deploy("flood", function(tmp_path / "flood", CODE), timeout_s=120)
        cloud.invoke("flood", {"mb": 1})
        file = cloud.state / "logs" / "flood.log"
        before_mb = rss_mb(cloud.pid)
        with Neighbour(cloud, tmp_path) as neighbour:
            flood = threading.Thread(target=cloud.invoke, args=("flood", {"mb": WRITTEN_MB} | event), daemon=True)
            flood.start()
            end = eventually(lambda: _all_there(cloud, file), "the whole flood read", within_s=120)
            flood.join(30)
        grown_mb = rss_mb(cloud.pid) - before_mb
        largest = file.stat().st_size
        assert cloud.invoke("flood", {"mb": 0}).value == "written"
        text = cloud.logs("flood")
    assert end >= WRITTEN_MB * MB
    assert largest <= LIMIT_BYTES + 2**17
    assert len(text) <= LIMIT_BYTES + 2**17
    assert "older bytes dropped" in text
    assert grown_mb < 50
    figures(
        "a flood of output", written_mb=WRITTEN_MB, file_mb=round(largest / MB, 1),
        controller_grown_mb=round(grown_mb, 1), neighbours_calls_meanwhile=neighbour.calls - neighbour.calls_before,
    )  # fmt: skip


def _all_there(cloud, file):
    """The end of the log once all is in it; the file is looked at on the way."""
    assert file.stat().st_size <= LIMIT_BYTES + 2**17
    end = cloud.logs_after("flood", tail=1)[1]
    return end if end >= WRITTEN_MB * MB else None


def test_lines_of_several_containers_stay_whole(tmp_path):
    """They share the log; a print of several values reaches it in several pieces."""
    code = """
        def handler(event, context):
            for i in range(200):
                print("a", "line", "of", event["caller"], i, "whole")
    """
    with Runtime(keep_alive=FixedWindow(60), memory_mb=1024) as cloud:
        cloud.deploy("writer", function(tmp_path, code), timeout_s=60)
        threads = [threading.Thread(target=cloud.invoke, args=("writer", {"caller": n}), daemon=True) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        lines = [line for line in cloud.logs("writer").splitlines() if not line.startswith(("START", "END", "REPORT"))]
    assert sorted(lines) == sorted(f"a line of {n} {i} whole" for n in range(4) for i in range(200))
    figures("lines of four containers", lines=len(lines), torn=0)
