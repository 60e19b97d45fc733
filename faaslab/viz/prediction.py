"""Predictions: a question with a few answers, asked before the result is shown, with a way to skip.

The reader commits to an answer; then the result appears, with a remark on what the chosen answer took for granted.
Without a script everything is visible from the start. The format of the words is in `texts`.

A full example:

    from faaslab.viz import prediction, read_texts
    texts = read_texts("cold-and-warm-starts.toml")
    prediction("opening", texts, guards=["eight-calls"], answer="five", slow=5, calls=8)

`answer` is the key of the answer that the page's own computation found: where the file of words calls another one
right, that is an error, so that text and numbers cannot drift apart. `slow` and `calls` fill {slow} and {calls} in the
texts.
"""

from dataclasses import replace

from faaslab.errors import InputError, member
from faaslab.viz.picture import inline, within_size
from faaslab.viz.tables import word
from faaslab.viz.texts import PredictionTexts


class Prediction:
    """A prediction as HTML, as a widget, or as text; made by `prediction`."""

    def __init__(self, texts: PredictionTexts, guards=()):
        self.texts, self.guards = texts, tuple(guards)
        self.ident = f"prediction-{texts.name}"
        self._html = within_size(self.html(), f"prediction {texts.name!r}")

    def html(self) -> str:
        """The prediction as HTML, the same bytes in every run."""
        words = {key: inline(text) for key, text in self.texts.words.items()}
        guards = f' data-guards="{" ".join(f"explorer-{name}" for name in self.guards)}"' if self.guards else ""
        choices = "".join(self._choice(i, answer) for i, answer in enumerate(self.texts.answers))
        return (
            f'<fieldset class="prediction" id="{self.ident}"{guards}><legend>{words["predict"]}</legend>'
            f'<p class="prediction-question">{inline(self.texts.question)}</p>{choices}'
            '<div class="prediction-buttons" hidden>'
            f'<button type="button" class="prediction-reveal" disabled>{words["reveal"]}</button>'
            f'<button type="button" class="prediction-skip">{words["skip"]}</button></div>'
            '<div class="prediction-result" aria-live="polite"><p><strong class="prediction-verdict" '
            f'data-right="{words["right"]}" data-wrong="{words["wrong"]}" data-skipped="{words["unanswered"]}">'
            f"{words['unanswered']}</strong> {inline(self.texts.right.text)}. {inline(self.texts.reveal)}</p></div>"
            "</fieldset>"
        )

    def _choice(self, i, answer) -> str:
        ident = f"{self.ident}-{i}"
        remark = f'<span class="prediction-remark">{inline(answer.remark)}</span>' if answer.remark else ""
        right = ' data-right="true"' if answer.right else ""
        return (
            f'<div class="prediction-choice"{right}><input type="radio" name="{self.ident}" id="{ident}" value="{i}" '
            f'autocomplete="off" hidden><label for="{ident}">{inline(answer.text)}</label>{remark}</div>'
        )

    def __repr__(self) -> str:
        answers = [f"  ({chr(97 + i)}) {answer.text}" for i, answer in enumerate(self.texts.answers)]
        return "\n".join([f"{self.texts.words['predict']}: {self.texts.question}", *answers]).replace("`", "")

    def widget(self):
        """The live widget; it needs ipywidgets and a kernel."""
        from faaslab.viz.widget import prediction_widget

        return prediction_widget(self)

    def _repr_mimebundle_(self, include=None, exclude=None):
        from faaslab.viz.widget import with_widget

        return with_widget({"text/html": self._html, "text/plain": repr(self)}, self)


def prediction(name, texts, *, guards=(), answer=None, **values) -> Prediction:
    """The prediction `name` of `texts`; the explorers named in `guards` stay hidden on the page until it is answered.

    answer: the key of the right answer as computed; values: what fills the {names} in the texts, floats to three
    digits. Raises InputError where the computed answer is not the one that the texts call right, or a name has no
    value.
    """
    words, where = texts.prediction(name), f"prediction {name!r}"
    for explorer in [guards] if isinstance(guards, str) else guards:
        texts.explorer(explorer)
    if answer is not None:
        member(answer, f"{where}, answer", [a.key for a in words.answers])
        if answer != words.right.key:
            raise InputError(
                f"{where}: expected the right answer {words.right.key!r} of the texts, computed {answer!r}"
            )
    cells = {key: word(value, None) for key, value in values.items()}
    try:
        filled = [_fill(a, cells, ("text", "remark")) for a in words.answers]
        words = _fill(words, cells, ("question", "reveal"), answers=tuple(filled))
    except (KeyError, IndexError, ValueError) as error:
        raise InputError(f"{where}: expected a value for each {{name}} in its texts, got {error!r}") from None
    return Prediction(words, [guards] if isinstance(guards, str) else guards)


def _fill(part, cells, names, **more):
    return replace(part, **{name: getattr(part, name).format(**cells) for name in names}, **more)
