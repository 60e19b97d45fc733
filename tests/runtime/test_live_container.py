"""A container's log: what its process printed stands before the platform's word about its end."""

from types import SimpleNamespace

import pytest

from faaslab.runtime.server.live_container import LiveContainer


@pytest.fixture
def live(tmp_path):
    """A container whose start is under way; its process has printed a line that nobody has read yet."""
    log, unread = [], [b"why\n"]
    controller = SimpleNamespace(
        state=tmp_path, dispatcher=SimpleNamespace(gone=lambda *_: None), background=lambda work: work.close()
    )
    installed = SimpleNamespace(deployment=None, log=SimpleNamespace(write=log.append, lines=log))
    container = LiveContainer(controller, SimpleNamespace(id=1, ready=-1), installed)
    container.worker = SimpleNamespace(kill=lambda: None, close=lambda: None)

    def read():
        while unread:
            container._print(unread.pop())

    container.output = SimpleNamespace(read=read, close=lambda: None)
    return container


@pytest.mark.parametrize(
    "end", [lambda live: live._exited("signal: interrupt"), lambda live: live.init_failed(b"{}", "Error")]
)
def test_what_it_printed_stands_before_the_word_of_its_end(live, end):
    end(live)
    first, second = live.installed.log.lines
    assert first == b"why\n" and b"could not be started" in second


def test_a_process_that_never_was_has_printed_nothing(live):
    live.worker = None
    live.init_failed(b"{}", "Error")
    assert len(live.installed.log.lines) == 1
