"""The built book in a real browser: nothing from elsewhere, no script error, readable on a phone and in the dark."""

import pytest
from built_book import HTML, pages

# For every run of text in the article: its contrast with what lies behind it (WCAG 2.2, section 1.4.3).
CONTRASTS = """() => {
  const rgb = (value) => {
    const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    canvas.fillStyle = value; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = (c) => {
    const [r, g, b] = c.map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = rgb(getComputedStyle(e).backgroundColor);
      if (colour[3] > 200) return colour;
    }
    return [255, 255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.querySelector('article'), NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.textContent.trim() || !element.checkVisibility()) continue;
    if (element.closest('script, style, mjx-container, .headerlink, svg desc, svg title, svg style')) continue;
    const style = getComputedStyle(element);
    if (parseFloat(style.opacity) < 0.1) continue;
    const ink = rgb(element.closest('svg') ? style.fill : style.color);
    const [a, b] = [light(ink), light(behind(element))].sort((x, y) => y - x);
    const large = parseFloat(style.fontSize) >= 24;
    found.push([(a + 0.05) / (b + 0.05), large, node.textContent.trim().slice(0, 60)]);
  }
  return found;
}"""

# What reaches past the right edge of the screen without a box of its own that scrolls.
TOO_WIDE = """() => [...document.querySelectorAll('article *')].filter(e => {
  if (!e.checkVisibility() || e.getBoundingClientRect().right <= innerWidth + 1) return false;
  for (let p = e; p && p.tagName !== 'ARTICLE'; p = p.parentElement)
    if (getComputedStyle(p).overflowX !== 'visible' || p.tagName.toLowerCase() === 'svg') return false;
  return !e.closest('mjx-assistive-mml, .visually-hidden');
}).map(e => e.tagName + ' ' + e.className + ' ' + e.textContent.trim().slice(0, 60))"""


def settled(page) -> None:
    """Wait until the formulas are drawn."""
    page.wait_for_function("() => !window.MathJax || (window.MathJax.startup && window.MathJax.startup.document)")
    page.evaluate("() => window.MathJax && window.MathJax.startup.promise.then(() => null)")


def test_page_loads_with_nothing_from_elsewhere_and_no_script_error(visit, page_path):
    seen = visit(page_path)
    settled(seen.page)
    assert not seen.elsewhere
    assert not seen.missing
    assert not seen.errors


def test_formulas_are_drawn(visit, page_path):
    seen = visit(page_path)
    settled(seen.page)
    written = seen.page.locator("article .math").count()
    drawn = seen.page.locator("article .math mjx-container").count()
    assert drawn >= written
    assert seen.page.locator("article mjx-merror").count() == 0


def test_page_fits_a_phone(visit, page_path):
    seen = visit(page_path, width=390)
    settled(seen.page)
    seen.reveal()
    assert seen.page.evaluate("() => document.documentElement.scrollWidth") <= 390
    assert seen.page.evaluate(TOO_WIDE) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_is_readable_in_both_themes(visit, page_path, theme):
    seen = visit(page_path)
    seen.reveal()
    page = seen.page
    for _ in range(3):
        if page.evaluate("() => document.documentElement.dataset.theme") == theme:
            break
        page.locator("button.theme-switch-button:visible").first.click()
    assert page.evaluate("() => document.documentElement.dataset.theme") == theme
    page.wait_for_timeout(400)  # colours may fade over
    weak = [entry for entry in page.evaluate(CONTRASTS) if entry[0] < (3 if entry[1] else 4.5)]
    assert weak == []


@pytest.mark.parametrize("path", pages()[:1] + pages()[-1:])
def test_page_opens_from_the_disk(visit, path):
    seen = visit(address=(HTML / path).as_uri(), home=HTML.as_uri())
    settled(seen.page)
    assert not seen.elsewhere
    assert not seen.errors


def test_the_way_in_leads_to_the_landing_page(visit):
    page = visit("index.html").page
    page.wait_for_url("**/book/index.html")
    assert page.locator("article h1").count() == 1


def test_search_finds_a_word(visit):
    page = visit("search.html?q=cold").page
    page.wait_for_selector("#search-results li a")
