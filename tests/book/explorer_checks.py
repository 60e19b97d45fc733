"""What an explorer must do when a reader moves a control: figure, sentence and table all answer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class State:
    """What a reader sees of an explorer at one moment."""

    values: list[str]
    figure: str
    sentence: str
    table: str


def state(figure) -> State:
    """Read the explorer, given the locator of its root."""
    return State(
        values=figure.locator("input, select").evaluate_all("all => all.map(e => e.value)"),
        figure=figure.locator("svg").first.evaluate("e => e.outerHTML"),
        sentence=figure.locator(".explorer-sentence[aria-live=polite]").inner_text(),
        table=figure.locator("details table").first.evaluate("e => e.outerHTML"),
    )


def check_answered(before: State, after: State, what: str) -> None:
    """A control that moved must change the figure, the sentence and the table (or the row marked in it)."""
    assert after.values != before.values, f"{what}: the control did not move"
    assert after.figure != before.figure, f"{what}: the figure did not change"
    assert after.sentence != before.sentence, f"{what}: the sentence did not change"
    assert after.table != before.table, f"{what}: the table did not change"


def move_by_key(control) -> None:
    """One step with an arrow key, away from the end of the scale."""
    at_end = control.evaluate(
        "e => e.tagName === 'SELECT' ? e.selectedIndex === e.options.length - 1 : Number(e.value) >= Number(e.max)"
    )
    control.focus()
    if control.evaluate("e => e.tagName") == "SELECT":
        control.press("ArrowUp" if at_end else "ArrowDown")
    else:
        control.press("ArrowLeft" if at_end else "ArrowRight")


def move_by_mouse(control) -> None:
    """A click near the far end of a slider, or another choice of a select."""
    if control.evaluate("e => e.tagName") == "SELECT":
        chosen, count = control.evaluate("e => [e.selectedIndex, e.options.length]")
        control.select_option(index=(chosen + 1) % count)
        return
    share = control.evaluate("e => (Number(e.value) - Number(e.min || 0)) / (Number(e.max) - Number(e.min || 0))")
    control.scroll_into_view_if_needed()
    box = control.bounding_box()
    x = box["x"] + box["width"] * (0.1 if share > 0.5 else 0.9)
    control.page.mouse.click(x, box["y"] + box["height"] / 2)


BACK = "(e, value) => { e.value = value; for (const kind of ['input', 'change']) e.dispatchEvent(new Event(kind)); }"


def check_explorer(figure, move) -> None:
    """Move every control once, each from the state in which the explorer opens, and look.

    (In another state a control may rightly change no line: a fleet that starts nothing does not mind how long a start
    takes.)
    """
    controls = figure.locator("input[type=range], select")
    assert 1 <= controls.count() <= 3, "an explorer has at most two controls and one preset"
    for position in range(controls.count()):
        control = controls.nth(position)
        before = state(figure)
        move(control)
        check_answered(before, state(figure), f"control {position + 1} ({move.__name__})")
        control.evaluate(BACK, before.values[position])
