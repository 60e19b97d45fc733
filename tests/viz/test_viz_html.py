"""What figures and predictions give to a page: well-formed, stable, accessible, small, whole without a script."""

import json
from html.parser import HTMLParser
from importlib import resources

import pytest
from viz_samples import curve_rows

from faaslab.viz import curve, style

VOID = {"input", "meta", "br", "link", "img"}


class Page(HTMLParser):
    """Collects elements, checks that they are closed in order."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.open, self.elements, self.texts = [], [], {}
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), list(self.open)))
        assert len(dict(attrs)) == len(attrs), f"an attribute twice in {tag}"
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), list(self.open)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open:
            self.texts.setdefault(self.open[-1], []).append(data)

    def all(self, *tags):
        return [attrs for tag, attrs, _ in self.elements if tag in tags]


def shown(item):
    return item._repr_mimebundle_()["text/html"]


@pytest.fixture(params=range(4), ids=["timeline", "walking curve", "moving lines", "frontier"])
def explorer(request, explorers):
    return explorers[request.param]


def test_elements_close_and_ids_are_unique_on_a_page_with_everything(page):
    parsed = Page(page.read_text(encoding="utf-8"))
    ids = [attrs["id"] for _, attrs, _ in parsed.elements if "id" in attrs]
    assert len(ids) == len(set(ids)) > 50
    for _, attrs, _ in parsed.elements:
        for value in attrs.values():
            for reference in (value or "").split("url(#")[1:]:
                assert reference.split(")")[0] in ids
        if (attrs.get("href") or "").startswith("#"):
            assert attrs["href"][1:] in ids


def test_the_contract_of_elements(explorer):
    parsed = Page(shown(explorer))
    root = parsed.elements[0]
    assert root[0] == "figure" and root[1] == {"class": "explorer", "id": f"explorer-{explorer.name}"}
    assert len(parsed.all("svg")) == 1 and parsed.all("svg")[0]["aria-label"] == explorer.texts.alt
    assert ["details" in parents for tag, _, parents in parsed.elements if tag == "table"] == [True]
    sentences = [attrs for attrs in parsed.all("p") if attrs.get("class") == "explorer-sentence"]
    assert [attrs["aria-live"] for attrs in sentences] == ["polite"]


def test_every_control_has_a_label_an_output_and_words_with_units(explorer):
    parsed = Page(shown(explorer))
    inputs = parsed.all("input", "select")
    assert len(inputs) == len(explorer.states.controls)
    assert [a["for"] for a in parsed.all("label")] == [a["id"] for a in inputs]
    assert [a["for"] for a in parsed.all("output")] == [a["id"] for a in inputs]
    for attrs, control in zip(inputs, explorer.states.controls, strict=True):
        words = explorer.texts.column(control.column).value(control.choices[control.default])
        if control.slider:
            assert attrs["type"] == "range" and attrs["aria-valuetext"] == words
        else:
            assert words in parsed.texts["option"]


def test_the_default_state_stands_without_a_script(explorer):
    parsed, state = Page(shown(explorer)), explorer.states.default
    cells = [cell for row in explorer.rows(state) for cell in row]
    assert parsed.texts["td"] == cells
    assert explorer.sentences[state] in parsed.texts["p"]
    drawn = [
        tag for tag, attrs, _ in parsed.elements if tag in ("path", "rect", "g") and attrs.get("display") != "none"
    ]
    assert len(drawn) > 10
    controls = next(attrs for attrs in parsed.all("div") if attrs.get("class") == "explorer-controls")
    assert "hidden" in controls, "a control that does nothing is not shown"


def test_data_holds_every_state_and_only_existing_elements(explorer):
    html = shown(explorer)
    data = json.loads(html.split('class="explorer-data">')[1].split("</script>")[0])
    count, ids = len(explorer.states.all), {a["id"] for _, a, _ in Page(html).elements if "id" in a}
    assert len(data["sentences"]) == len(set(data["sentences"])) == count
    assert data["tracks"]
    for element, _, values, index in data["tracks"]:
        assert element in ids and len(index) == count and set(index) == set(range(len(values)))
    rows = data.get("rows") or data["current"]
    assert len(rows) == count and len({str(row) for row in rows}) == count


def test_tracks_lead_to_the_picture_of_each_state(explorer):
    """Played on the default picture, the tracks give the picture that is drawn for a state from scratch."""
    data = json.loads(explorer._data())
    for state in range(len(explorer.states.all)):
        played = {
            (mark.key, name): value
            for mark in explorer.scenes[explorer.states.default]
            for name, value in mark.attributes.items()
        }
        for element, name, values, index in data["tracks"]:
            if name:
                played[element.removeprefix(explorer.ident + "-"), name] = values[index[state]]
        drawn = {
            (m.key, name): style.paint(value) for m in explorer.scenes[state] for name, value in m.attributes.items()
        }
        assert {key: style.paint(value) for key, value in played.items() if value is not None} == drawn


def test_the_same_bytes_again(explorers, texts):
    again = curve(
        "curve", curve_rows(), texts, x="window_s", y=["cold", "half"], controls=["window_s", "rate"],
        start={"window_s": 60}, xscale="log", ylim=(0, 1.02),
    )  # fmt: skip
    assert shown(again) == shown(explorers[1]) == explorers[1].html()


def test_nothing_comes_from_elsewhere_and_nothing_tells_time_or_machine(explorers, phase_bars, opening, eight_still):
    for item in (*explorers, phase_bars, opening, eight_still):
        html = shown(item).replace("http://www.w3.org/2000/svg", "").replace("http://www.w3.org/1999/xlink", "")
        assert "http" not in html and "matplotlib.org" not in html and "src=" not in html
        assert len(html.encode()) < 150_000


def test_text_is_short_and_plain(explorers, phase_bars):
    for item in (*explorers, phase_bars):
        text = item._repr_mimebundle_()["text/plain"]
        lines = text.splitlines()
        assert lines[0] == item.texts.title and "<" not in text
        assert len(lines) <= 3 + 12 + 1
    assert "10 s: 5 of 8 calls are slow" in repr(explorers[0])
    assert repr(explorers[1]).splitlines()[2].split("  ")[-1].strip() == "Cold calls, two containers (%)"
    marked = next(line for line in repr(explorers[1]).splitlines() if line.startswith(">"))
    assert marked.split() == [">", "1", "min", "1", "36.8", "60.7"]


def test_series_can_be_told_apart_without_colour():
    looks = [(s.dash, s.marker) for s in style.SERIES]
    assert len({dash for dash, _ in looks}) == len({marker for _, marker in looks}) == len(looks)

    def luminance(color):
        channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    values = [luminance(s.color) for s in style.SERIES]
    assert values == sorted(values)


def test_the_script_is_small_and_asks_nobody():
    script = resources.files("faaslab.viz").joinpath("static/explorer.js").read_text(encoding="utf-8")
    assert len(script.encode()) < 10_000
    assert not any(word in script for word in ("fetch(", "XMLHttpRequest", "import(", "http"))


def test_a_prediction_shows_everything_without_a_script(opening):
    parsed = Page(shown(opening))
    radios = parsed.all("input")
    assert len(radios) == 3 and all("hidden" in attrs for attrs in radios)
    assert [a["for"] for a in parsed.all("label")] == [a["id"] for a in radios]
    text = " ".join(piece for pieces in parsed.texts.values() for piece in pieces)
    assert "5 of 8 calls found no idle container." in text
    assert all(answer.remark in text for answer in opening.texts.answers)
    assert parsed.all("fieldset")[0]["data-guards"] == "explorer-eight-calls"
    assert "<code>10 s</code>" in shown(opening) and "`" not in repr(opening)
