"""Numbers for the sentences of a page: computed in a cell, shown in the prose by {glue:text}`name`.

Source: MyST-NB, "Embedding outputs as variables". Only executed chapters have it; nothing else imports this.
"""

from faaslab.viz.tables import three_digits


def say(**values) -> None:
    """Keep each value under its name for the prose: texts as they are, numbers to three significant digits."""
    from myst_nb import glue

    for name, value in values.items():
        glue(name, value if isinstance(value, str) else three_digits(value), display=False)
