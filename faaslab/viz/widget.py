"""Live widgets: the same controls, sentence, picture and table as on the page, for a notebook with a kernel.

A notebook that runs in JupyterLab, Jupyter Notebook or Binder gets the widget by itself, beside HTML and text: their
server names the session in the environment variable JPY_SESSION_NAME. Where a book or a test executes the notebook, no
widget is made, so that no state of widgets gets into its outputs. Anywhere else `.widget()` asks for it.
"""

import os
from html import escape
from importlib import resources
from importlib.util import find_spec

from faaslab.viz.picture import caption, inline

VIEW = "application/vnd.jupyter.widget-view+json"


def with_widget(bundle: dict, shown) -> dict:
    """The MIME bundle with a view of `shown.widget()` added, where a Jupyter server's session runs this kernel."""
    if os.environ.get("JPY_SESSION_NAME") and find_spec("ipywidgets"):
        bundle = {**bundle, VIEW: shown.widget()._repr_mimebundle_()[VIEW]}
    return bundle


def explorer_widget(explorer):
    """A VBox: one control for each dimension, the picture, the sentence, the folded table, the caption."""
    import ipywidgets

    controls, states = [], explorer.states
    for control in states.controls:
        column = explorer.texts.column(control.column)
        options = [(column.value(choice), i) for i, choice in enumerate(control.choices)]
        make = ipywidgets.SelectionSlider if control.slider else ipywidgets.Dropdown
        controls.append(
            make(
                options=options,
                value=control.default,
                description=column.label,
                style={"description_width": "initial"},
                layout={"width": "32rem", "max_width": "100%"},
            )
        )
    picture, sentence, table = ipywidgets.HTML(), ipywidgets.HTML(), ipywidgets.HTML()

    def update(_=None):
        state = states.all.index(tuple(control.value for control in controls))
        picture.value = f'<figure class="explorer">{explorer.svg(state)}</figure>'
        sentence.value = f'<p class="explorer-sentence">{inline(explorer.sentences[state])}</p>'
        table.value = explorer.table_html(state).replace("<details", "<details open", 1)

    for control in controls:
        control.observe(update, names="value")
    update()
    folded = ipywidgets.Accordion([table], titles=[explorer.texts.words.get("data", "data")], selected_index=None)
    legend = ipywidgets.HTML(f"{_css()}<div class='explorer'>{caption(explorer.texts)}</div>")
    return ipywidgets.VBox([*controls, picture, sentence, folded, legend])


def prediction_widget(prediction):
    """A VBox: the question, the answers, two buttons, and the result once one of them is pressed."""
    import ipywidgets

    texts, words = prediction.texts, prediction.texts.words
    answers = ipywidgets.RadioButtons(
        options=[(answer.text.replace("`", ""), i) for i, answer in enumerate(texts.answers)], value=None,
        layout={"width": "max-content"},
    )  # fmt: skip
    reveal = ipywidgets.Button(description=words["reveal"], disabled=True, layout={"width": "auto"})
    skip = ipywidgets.Button(description=words["skip"], layout={"width": "auto"})
    result = ipywidgets.HTML()

    def show(button):
        chosen = None if button is skip or answers.value is None else texts.answers[answers.value]
        verdict = words["unanswered" if chosen is None else "right" if chosen.right else "wrong"]
        remark = f"<p>{inline(chosen.remark)}</p>" if chosen is not None and chosen.remark else ""
        result.value = (
            f"{remark}<p><strong>{escape(verdict)}</strong> {inline(texts.right.text)}. {inline(texts.reveal)}</p>"
        )

    def choose(_):
        reveal.disabled = answers.value is None

    answers.observe(choose, names="value")
    reveal.on_click(show)
    skip.on_click(show)
    question = ipywidgets.HTML(f"{_css()}<strong>{escape(words['predict'])}</strong><p>{inline(texts.question)}</p>")
    return ipywidgets.VBox([question, answers, ipywidgets.HBox([reveal, skip]), result])


def _css() -> str:
    return (
        f"<style>{resources.files('faaslab.viz').joinpath('static/explorer.css').read_text(encoding='utf-8')}</style>"
    )
