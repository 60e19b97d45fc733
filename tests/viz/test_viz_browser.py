"""The page in a real browser, from a file: controls by keyboard and mouse, a prediction, the dark theme, a phone."""

import os

import pytest

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

IS_LIST = "e => e.tagName === 'SELECT'"

pytestmark = pytest.mark.skipif(not os.path.exists(CHROMIUM), reason="no chromium on this machine")


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with playwright.sync_playwright() as driver:
        profile = str(tmp_path_factory.mktemp("profile"))
        context = driver.chromium.launch_persistent_context(
            profile, executable_path=CHROMIUM, headless=True, args=FLAGS
        )
        yield context
        context.close()


@pytest.fixture
def tab(browser, page):
    tab, problems = browser.new_page(), []
    tab.on("pageerror", lambda error: problems.append(str(error)))
    tab.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    tab.on(
        "request", lambda request: None if request.url.startswith(("file:", "data:")) else problems.append(request.url)
    )
    tab.goto(page.as_uri())
    yield tab
    tab.close()
    assert problems == []


def look(figure):
    return [
        figure.locator("svg .marks").inner_html(),
        figure.locator(".explorer-sentence").inner_text(),
        figure.locator("tbody").inner_html(),
    ]


def press(tab, control):
    """One step with an arrow key, away from the end."""
    count = "e => e.tagName === 'SELECT' ? e.options.length - 1 : Number(e.max)"
    back = int(control.input_value()) == control.evaluate(count)
    control.focus()
    tab.keyboard.press(
        ("ArrowUp" if back else "ArrowDown") if control.evaluate(IS_LIST) else "ArrowLeft" if back else "ArrowRight"
    )


def click(tab, control):
    """A click far from where the slider stands, or another choice of a list."""
    if control.evaluate(IS_LIST):
        control.select_option(index=1 - int(control.input_value()))
        return
    control.scroll_into_view_if_needed()
    box, back = control.bounding_box(), control.input_value() == control.get_attribute("max")
    tab.mouse.click(box["x"] + (0.03 if back else 0.97) * box["width"], box["y"] + box["height"] / 2)


@pytest.mark.parametrize("act", [press, click])
def test_every_control_moves_picture_sentence_and_table(tab, explorers, act):
    tab.locator(".prediction-skip").click()
    for explorer in explorers:
        figure = tab.locator(f"#explorer-{explorer.name}")
        controls = figure.locator("input, select").all()
        assert len(controls) == len(explorer.states.controls)
        for control in controls:
            before, words = look(figure), control.get_attribute("aria-valuetext")
            act(tab, control)
            after = look(figure)
            assert all(a != b for a, b in zip(after, before, strict=True)), explorer.name
            if not control.evaluate(IS_LIST):
                output = figure.locator(f"output[for={control.get_attribute('id')}]").inner_text()
                assert output == control.get_attribute("aria-valuetext") != words
        assert figure.locator(".explorer-sentence").inner_text() in explorer.sentences


def test_a_prediction_guards_its_explorer(tab):
    figure, box = tab.locator("#explorer-eight-calls"), tab.locator("#prediction-opening")
    assert not figure.is_visible() and not box.locator(".prediction-result").is_visible()
    assert box.locator(".prediction-reveal").is_disabled()
    box.locator("label").first.click()
    box.locator(".prediction-reveal").click()
    assert figure.is_visible() and "Not quite" in box.locator(".prediction-result").inner_text()
    assert [remark.is_visible() for remark in box.locator(".prediction-remark").all()] == [True, False, False]


def test_the_dark_theme_and_a_phone(tab):
    tab.locator(".prediction-skip").click()
    text = tab.locator("#explorer-curve svg text").first
    color = "e => getComputedStyle(e).fill"
    light = text.evaluate(color)
    tab.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert text.evaluate(color) != light
    tab.set_viewport_size({"width": 360, "height": 740})
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360
    figure = tab.locator("#explorer-curve svg")
    points = figure.bounding_box()["width"] / float(figure.get_attribute("viewBox").split()[2])
    assert 10 * points > 9.5, "ticks of 10 points are read on a phone"


def test_without_a_script_nothing_is_hidden(browser, page):
    tab = browser.new_page()
    tab.route("**/explorer.js", lambda route: route.abort())
    tab.goto(page.as_uri())
    assert tab.locator("#explorer-eight-calls svg").is_visible()
    assert tab.locator(".prediction-result").is_visible()
    assert not tab.locator(".explorer-controls").first.is_visible() and not tab.locator(".prediction-skip").is_visible()
    tab.close()
