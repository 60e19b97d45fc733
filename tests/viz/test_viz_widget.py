"""Live widgets: the same controls, sentence and table, and only where a Jupyter server runs the kernel."""

import pytest

pytest.importorskip("ipywidgets")

VIEW = "application/vnd.jupyter.widget-view+json"


def test_a_widget_is_offered_in_a_session_of_a_server_and_nowhere_else(monkeypatch, explorers, opening):
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    assert set(explorers[0]._repr_mimebundle_()) == {"text/html", "text/plain"}
    monkeypatch.setenv("JPY_SESSION_NAME", "lab.ipynb")
    for item in (explorers[0], opening):
        bundle = item._repr_mimebundle_()
        assert bundle[VIEW]["model_id"] and set(bundle) == {"text/html", "text/plain", VIEW}


def test_moving_a_control_changes_picture_sentence_and_table(explorers):
    for explorer in explorers:
        controls = len(explorer.states.controls)
        children = explorer.widget().children
        picture, sentence, table = children[controls], children[controls + 1], children[controls + 2].children[0]
        before = picture.value, sentence.value, table.value
        assert explorer.sentences[explorer.states.default] in sentence.value
        for control in children[:controls]:
            assert len(control.options) == len(explorer.states.controls[children.index(control)].choices)
            control.value = (control.value + 1) % len(control.options)
            after = picture.value, sentence.value, table.value
            assert all(a != b for a, b in zip(after, before, strict=True))
            before = after


def test_a_prediction_reveals_after_a_choice_or_a_skip(opening):
    _, answers, buttons, result = opening.widget().children
    reveal, skip = buttons.children
    assert reveal.disabled and not result.value
    answers.value = 0
    assert not reveal.disabled
    reveal.click()
    assert "Not quite" in result.value and opening.texts.answers[0].remark in result.value
    answers.value = 1
    reveal.click()
    assert "Yes" in result.value
    skip.click()
    assert "5 of 8 calls" in result.value and "Yes" not in result.value
