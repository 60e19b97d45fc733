"""The live view of a running platform: what it shows, how it follows, and when it ends."""

import re
import time

import pytest

from faaslab.errors import InputError
from faaslab.viz.live import MOST_BOXES, live

VIEW = "application/vnd.jupyter.widget-view+json"


class Cloud:
    """A client whose containers and counts a test sets; it can go away."""

    def __init__(self):
        self.gone, self.looks, self.calls = False, 0, 3
        self.states = ["busy", "idle", "starting"]

    def ps(self):
        self.looks += 1
        if self.gone:
            raise ConnectionError("the platform has ended\nand more")
        sizes = {"memory_mb": 128, "used_mb": 20.0, "uses": 2, "pid": 1, "age_s": 1.0, "idle_s": 0.0, "start": "cold"}
        return [{"id": f"c{i}", "function": "<hello>", "state": s, **sizes} for i, s in enumerate(self.states)]

    def stats(self):
        figures = {
            "calls": self.calls, "completed": 2, "failed": 1, "timed_out": 1, "throttled": 4, "cold": 2, "prewarmed": 0,
            "warm": 1, "joined": 0, "waiting": 0, "cost_usd": 0.00123, "p50_s": 0.004, "p99_s": None,
        }  # fmt: skip
        return {"functions": {"<hello>": figures}, "uptime_s": 90.0}


@pytest.fixture
def cloud():
    return Cloud()


def wait_until(condition):
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end, "it did not happen within five seconds"
        time.sleep(0.01)


def test_the_page_shows_a_box_a_container_with_its_state_as_a_word(cloud):
    html = live(cloud).html()
    assert re.findall(r"<span[^>]*>(\w+)</span>", html) == ["busy", "idle", "start"]
    assert len(set(re.findall(r'<span style="([^"]*)"', html))) == 3, "each state looks its own way"
    assert "&lt;hello&gt;" in html and "<hello>" not in html
    assert "container c0, busy, 2 calls, 20 of 128 MB" in html
    assert "$0.00123 so far" in html and "up 1.5 min" in html


def test_more_containers_than_fit_are_counted(cloud):
    cloud.states = ["idle"] * (MOST_BOXES + 5)
    html = live(cloud).html()
    assert html.count("<span") == MOST_BOXES and "+ 5 more" in html


def test_the_text_is_a_table_of_the_same_figures(cloud):
    head, row, sentence = repr(live(cloud)).splitlines()
    cells = dict(zip(re.split(r"\s{2,}", head), re.split(r"\s{2,}", row), strict=True))
    assert cells == {
        "function": "<hello>", "containers": "1 start, 1 idle, 1 busy", "calls": "3",
        "starts": "1\u00a0warm, 2\u00a0cold", "errors": "2", "refused": "4", "waiting": "0",
        "cost": "$0.00123", "p50": "4 ms", "p99": "–",
    }  # fmt: skip
    assert sentence.startswith("3 containers, 60 MB used")


def test_nothing_deployed_is_said(cloud):
    cloud.stats = lambda: {"functions": {}}
    cloud.states = []
    assert "no function is deployed" in live(cloud).html()
    assert "0 containers" in repr(live(cloud))


def test_without_a_front_end_it_is_a_picture_of_one_moment(cloud, monkeypatch):
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    view = live(cloud)
    assert set(view._repr_mimebundle_()) == {"text/html", "text/plain"}
    before = cloud.looks
    time.sleep(0.15)
    assert cloud.looks == before


def test_the_widget_follows_until_the_cloud_is_gone(cloud, monkeypatch):
    pytest.importorskip("ipywidgets")
    monkeypatch.setenv("JPY_SESSION_NAME", "lab.ipynb")
    view = live(cloud, every_s=0.05)
    assert view._repr_mimebundle_()[VIEW]["model_id"] == view.widget().model_id
    panel, stop = view.widget().children
    cloud.calls, cloud.states = 77, ["idle"]
    wait_until(lambda: ">77<" in panel.value)
    assert panel.value.count("<span") == 1 and not stop.disabled
    cloud.gone = True
    wait_until(lambda: view.closed and stop.disabled)
    assert "ended: the platform has ended" in panel.value and "and more" not in panel.value
    assert ">77<" in panel.value, "what was seen last stays"
    view._thread.join(timeout=5)
    assert not view._thread.is_alive()


def test_the_button_stops_it_and_so_does_a_second_view(cloud):
    pytest.importorskip("ipywidgets")
    first = live(cloud, every_s=0.05)
    second = None
    first.widget()
    try:
        second = live(cloud, every_s=0.05)
        assert first.closed and "stopped" in first.html()
        _, stop = second.widget().children
        stop.click()
        second._thread.join(timeout=5)
        assert second.closed and not second._thread.is_alive()
        looks = cloud.looks
        second.look()
        assert cloud.looks == looks
    finally:
        first.close()
        if second is not None:
            second.close()


def test_a_pace_that_would_load_the_machine_is_refused(cloud):
    with pytest.raises(InputError, match="every_s"):
        live(cloud, every_s=0.0)
