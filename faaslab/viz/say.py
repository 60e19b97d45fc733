"""Numbers for the sentences of a page: computed in a cell, shown in the prose by {glue:text}`name`.

Source: MyST-NB, "Embedding outputs as variables". Where MyST-NB is not installed, as on Binder, a chapter is a plain
notebook whose prose cannot show them: then the cell prints them.
"""

from faaslab.viz.tables import three_digits


def say(**values) -> None:
    """Keep each value under its name for the prose: texts as they are, numbers to three significant digits."""
    texts = {name: value if isinstance(value, str) else three_digits(value) for name, value in values.items()}
    try:
        from myst_nb import glue
    except ImportError:
        for name, text in texts.items():
            print(f"{name} = {text}")
        return
    for name, text in texts.items():
        glue(name, text, display=False)
