"""Every explorer of the book, moved by keyboard and by mouse in a real browser."""

import pytest
from explorer_checks import check_explorer, move_by_key, move_by_mouse

# An explorer whose slider moves and does nothing: the checks below must see it.
DEAD = """<figure class="explorer" id="dead"><label>window <input type="range" min="0" max="5" value="1"></label>
<p class="explorer-sentence" aria-live="polite">10 min: 2 % cold</p><svg width="40" height="40"></svg>
<details open><table><tr><td>10 min</td></tr></table></details></figure>"""


def root(visit, explorer_at, **options):
    """(the visit, the explorer's root element), with the predictions of the page answered."""
    page, position = explorer_at
    seen = visit(page, **options)
    if options.get("javascript", True):
        seen.reveal()
    return seen, seen.page.locator("figure.explorer").nth(position)


@pytest.mark.parametrize("move", [move_by_key, move_by_mouse])
def test_explorer_answers(visit, explorer_at, move):
    seen, figure = root(visit, explorer_at)
    check_explorer(figure, move)
    assert not seen.errors


@pytest.mark.parametrize("move", [move_by_key, move_by_mouse])
def test_the_checks_see_a_dead_explorer(browser, move):
    page = browser.new_page()
    page.set_content(DEAD)
    with pytest.raises(AssertionError, match="the figure did not change"):
        check_explorer(page.locator("figure.explorer"), move)
    page.close()


def test_controls_have_names_and_speak_units(visit, explorer_at):
    _, figure = root(visit, explorer_at)
    for control in figure.locator("input[type=range], select").all():
        assert control.evaluate("e => [...e.labels].map(l => l.textContent.trim()).join('') || e.ariaLabel")
        if control.get_attribute("type") == "range":
            before = control.get_attribute("aria-valuetext")
            move_by_key(control)
            assert before and control.get_attribute("aria-valuetext") not in ("", before)


def test_explorer_reaches_every_position_and_comes_back(visit, explorer_at):
    _, figure = root(visit, explorer_at)
    for control in figure.locator("input[type=range]").all():
        control.focus()
        control.press("Home")
        first = figure.locator(".explorer-sentence").inner_text()
        sentences = [first]
        for _ in range(control.evaluate("e => Math.round((e.max - e.min) / (e.step || 1))")):
            control.press("ArrowRight")
            sentences.append(figure.locator(".explorer-sentence").inner_text())
        assert len(set(sentences)) == len(sentences)
        control.press("Home")
        assert figure.locator(".explorer-sentence").inner_text() == first


def test_explorer_fits_a_phone_and_answers_there(visit, explorer_at):
    seen, figure = root(visit, explorer_at, width=390)
    box = figure.locator("svg").first.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    check_explorer(figure, move_by_key)
    assert seen.page.evaluate("() => document.documentElement.scrollWidth") <= 390


def test_explorer_without_scripts_still_shows_its_figure(visit, explorer_at):
    _, figure = root(visit, explorer_at, javascript=False)
    assert figure.locator("svg").first.bounding_box()["height"] > 50
    assert figure.locator(".explorer-sentence").inner_text().strip()
