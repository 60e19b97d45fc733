"""What the tests of the built book share: its pages, its explorers, a server and a browser."""

from __future__ import annotations

import functools
import http.server
import shutil
import threading
from pathlib import Path

from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build" / "html"
THEME_PAGES = {"genindex.html", "search.html", "index.html"}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"]


def pages() -> list[str]:
    """Every page of the book, as a path below the built book; the theme's own pages are left out."""
    found = sorted(path.relative_to(HTML).as_posix() for path in HTML.glob("**/*.html"))
    return [page for page in found if page not in THEME_PAGES and not page.startswith(("_static", "_sources"))]


@functools.cache
def soup(page: str) -> BeautifulSoup:
    """The parsed page, as built and before any script ran."""
    return BeautifulSoup((HTML / page).read_text(encoding="utf8"), "html.parser")


def elements(selector: str) -> list[tuple[str, int]]:
    """(page, position on that page) of every element that the selector picks."""
    return [(page, n) for page in pages() for n, _ in enumerate(soup(page).select(selector))]


def chromium() -> str | None:
    """The browser installed on this machine, if any."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files and logs nothing."""

    def log_message(self, *_):
        """Keep the tests' output readable."""


class Site:
    """The built book behind a server of its own on 127.0.0.1, at a free port."""

    def __init__(self) -> None:
        handler = functools.partial(QuietHandler, directory=str(HTML))
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop serving."""
        self.server.shutdown()
        self.server.server_close()


class Visit:
    """One page opened in the browser: what it asked for elsewhere, what failed, what its scripts complained about."""

    def __init__(self, context, address: str, home: str) -> None:
        self.elsewhere: list[str] = []
        self.missing: list[str] = []
        self.errors: list[str] = []
        self.home = home
        self.page = context.new_page()
        self.page.set_default_timeout(10_000)
        self.page.route("**/*", self._route)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda line: self.errors.append(line.text) if line.type == "error" else None)
        self.page.on("response", lambda answer: self.missing.append(answer.url) if answer.status >= 400 else None)
        self.page.goto(address, wait_until="load")

    def _route(self, route) -> None:
        address = route.request.url
        if address.startswith((self.home, "data:", "blob:")):
            route.continue_()
        else:
            self.elsewhere.append(address)
            route.abort()

    def reveal(self) -> None:
        """Skip every prediction of the page, so that what it keeps back is shown."""
        for button in self.page.locator("fieldset.prediction button.prediction-skip").all():
            button.click()
