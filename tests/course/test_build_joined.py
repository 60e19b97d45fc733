"""Where a kernel cuts what a cell prints does not show in a lab's file."""

import nbformat

from faaslab.course.build import joined


def out(name, text):
    return nbformat.v4.new_output("stream", name=name, text=text)


def test_neighbouring_pieces_of_one_stream_become_one():
    shown = nbformat.v4.new_output("display_data", data={"text/plain": "x"})
    whole = joined([out("stdout", "a\n"), out("stdout", "b\n"), shown, out("stdout", "c"), out("stderr", "d")])
    assert [(o.output_type, o.get("text")) for o in whole] == [
        ("stream", "a\nb\n"),
        ("display_data", None),
        ("stream", "c"),
        ("stream", "d"),
    ]
