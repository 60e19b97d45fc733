"""A prediction comes before its result: the result is hidden until the reader has chosen, or skips."""

import pytest
from built_book import soup


class Group:
    """One prediction on an opened page, and what it keeps hidden."""

    def __init__(self, visit, prediction_at):
        path, position = prediction_at
        self.page = visit(path).page
        self.box = self.page.locator("fieldset.prediction").nth(position)
        self.choices = self.box.locator("input[type=radio]")
        self.reveal = self.box.locator("button.prediction-reveal")
        self.skip = self.box.locator("button.prediction-skip")
        self.verdict = self.box.locator(".prediction-verdict")
        guards = (self.box.get_attribute("data-guards") or "").split()
        self.kept = [self.box.locator(".prediction-result"), *(self.page.locator(f"#{name}") for name in guards)]

    def shown(self) -> list[bool]:
        """Whether each of the things kept back is to be seen."""
        return [part.is_visible() for part in self.kept]


def test_each_choice_reveals_the_result_and_its_own_verdict(visit, prediction_at):
    count = Group(visit, prediction_at).choices.count()
    assert count >= 2
    verdicts = []
    for choice in range(count):
        group = Group(visit, prediction_at)
        assert not any(group.shown())
        assert group.reveal.is_disabled()
        group.choices.nth(choice).focus()
        group.page.keyboard.press("Space")
        group.reveal.press("Enter")
        assert all(group.shown())
        verdicts.append(group.verdict.inner_text())
    assert all(verdicts)
    assert len(set(verdicts)) == 2, "one choice is right and the others are not"


def test_skipping_reveals_the_result_too(visit, prediction_at):
    group = Group(visit, prediction_at)
    group.skip.click()
    assert all(group.shown())
    assert group.verdict.inner_text()


def test_the_mouse_works_on_the_words_of_a_choice(visit, prediction_at):
    group = Group(visit, prediction_at)
    group.box.locator("label").last.click()
    group.reveal.click()
    assert all(group.shown())


def test_nothing_is_hidden_without_a_script(visit, prediction_at):
    path, position = prediction_at
    box = visit(path, javascript=False).page.locator("fieldset.prediction").nth(position)
    assert box.locator(".prediction-result").is_visible()


def test_what_a_prediction_guards_is_on_its_page(prediction_at):
    path, position = prediction_at
    box = soup(path).select("fieldset.prediction")[position]
    assert box.find("legend").get_text(strip=True)
    absent = [name for name in box.get("data-guards", "").split() if not soup(path).find(attrs={"id": name})]
    assert not absent


@pytest.mark.parametrize("width", [390, 1280])
def test_a_prediction_fits(visit, prediction_at, width):
    path, position = prediction_at
    box = visit(path, width=width).page.locator("fieldset.prediction").nth(position).bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= width
