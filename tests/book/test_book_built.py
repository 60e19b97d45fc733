"""The built book, read as files: pages, links, pictures, sizes."""

from collections import Counter
from urllib.parse import unquote, urldefrag, urljoin, urlparse

import pytest
import yaml
from built_book import HTML, ROOT, elements, pages, soup


def listed() -> list[str]:
    """The pages that _toc.yml names."""
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text())
    chapters = [chapter["file"] for part in contents["parts"] for chapter in part["chapters"]]
    return [contents["root"], *chapters]


def test_every_page_of_the_contents_is_built():
    assert [f"{name}.html" for name in sorted(listed())] == sorted(pages())


def test_the_book_has_explorers_and_predictions():
    assert elements("figure.explorer"), "no page of the book holds an explorer"
    assert elements("fieldset.prediction"), "no page of the book asks for a prediction"


def targets(page: str):
    """Every link of a page that stays in the book: (as written, file it leads to, anchor or "")."""
    for link in soup(page).select("a[href]"):
        address = urljoin(f"book:///{page}", link["href"])
        if urlparse(address).scheme == "book":
            path, anchor = urldefrag(address)
            yield link["href"], unquote(urlparse(path).path).lstrip("/") or page, unquote(anchor)


def test_links_lead_to_a_page_and_to_a_place_on_it(page_path):
    dead = []
    for written, path, anchor in targets(page_path):
        if not (HTML / path).is_file():
            dead.append(f"{written}: no such page")
        elif anchor and path.endswith(".html") and not soup(path).find(attrs={"id": anchor}):
            dead.append(f"{written}: no such place on the page")
    assert not dead


def test_pictures_say_in_words_what_they_show(page_path):
    article = soup(page_path).select_one("article")
    silent = [img["src"][:80] for img in article.select("img") if not img.get("alt", "").strip()]
    # A picture without a text of its own gets its file name, or its first line of text, from the builder.
    silent += [img["src"][:80] for img in article.select("img") if img.get("alt", "").endswith((".png", ".svg"))]
    silent += [
        str(svg)[:80]
        for svg in article.select("svg")
        if not (svg.get("aria-label") or svg.get("aria-labelledby") or svg.get("aria-hidden") == "true")
    ]
    assert not silent


def test_a_page_names_nothing_on_another_site_to_load(page_path):
    loading = {"script": "src", "img": "src", "iframe": "src", "source": "src", "object": "data"}
    named = [tag[part] for name, part in loading.items() for tag in soup(page_path).select(f"{name}[{part}]")]
    named += [tag["href"] for tag in soup(page_path).select("link[href]") if tag.get("rel") != ["canonical"]]
    assert not [address for address in named if urlparse(address).netloc]


def test_ids_are_unique(page_path):
    seen = Counter(tag["id"] for tag in soup(page_path).select("article [id]"))
    # sphinx-exercise gives every exercise of a page the same two ids; nothing links to them.
    del seen["exercise-content"], seen["solution-content"]
    assert not [name for name, count in seen.items() if count > 1]


def test_explorers_are_few_and_small(page_path):
    explorers = soup(page_path).select("figure.explorer")
    assert len(explorers) <= 2
    assert all(len(str(figure).encode()) <= 150 * 1024 for figure in explorers)


def test_explorer_stands_without_a_script(explorer_at):
    page, position = explorer_at
    figure = soup(page).select("figure.explorer")[position]
    assert figure.get("id")
    assert figure.select_one("svg") and figure.select_one("figcaption")
    assert figure.select_one(".explorer-sentence[aria-live=polite]").get_text(strip=True)
    assert len(figure.select("details table tr")) >= 3, "a table needs a head and at least two states"


def test_the_static_script_of_the_explorers_is_small():
    assert (HTML / "_static" / "explorer.js").stat().st_size <= 10 * 1024


@pytest.mark.parametrize("name", ["mathjax/tex-svg-full.js", "book.css", "explorer.js", "explorer.css"])
def test_static_files_came_with_the_book(name):
    assert (HTML / "_static" / name).is_file()
