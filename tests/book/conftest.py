"""Fixtures for the built book. Without a browser the tests that need one are skipped, and say so."""

import pytest
from built_book import FLAGS, Site, Visit, chromium, elements, pages


def pytest_generate_tests(metafunc):
    """One test a page, an explorer or a prediction; test_book_built.py fails where there are none."""
    if "page_path" in metafunc.fixturenames:
        metafunc.parametrize("page_path", pages())
    if "explorer_at" in metafunc.fixturenames:
        found = elements("figure.explorer")
        metafunc.parametrize("explorer_at", found, ids=[f"{page}-{n + 1}" for page, n in found])
    if "prediction_at" in metafunc.fixturenames:
        found = elements("fieldset.prediction")
        metafunc.parametrize("prediction_at", found, ids=[f"{page}-{n + 1}" for page, n in found])


@pytest.fixture(scope="session")
def site():
    server = Site()
    yield server
    server.close()


@pytest.fixture(scope="module")  # two drivers cannot run at once in one process, and other tests start theirs
def browser():
    executable = chromium()
    if executable is None:
        pytest.skip("no chromium on this machine: the book was not opened in a browser (apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def visit(browser, site):
    """visit(path, width=..., javascript=...) opens a page of the book; visit(address=...) opens anything else."""
    contexts = []

    def open_page(path="", *, width=1280, javascript=True, address=None, home=None):
        context = browser.new_context(viewport={"width": width, "height": 844}, java_script_enabled=javascript)
        contexts.append(context)
        return Visit(context, address or site.url + path, home or site.url)

    yield open_page
    for context in contexts:
        context.close()
