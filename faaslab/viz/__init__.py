"""Figures and explorers: they read tidy tables and results, and never run a model.

read_texts          the words of a chapter, from the file beside it
prediction          a question before the result
curve, frontier, timeline, cells      explorers: figures with a control or two
phases, Picture     figures that do not move
grid, over_seeds, plus_minus, say          tables and numbers in the chapter's words
run_rows            a run's result as the rows of a timeline
live                a running platform, as it stands
canvas, legend, series, settings, INK       one look for what a chapter draws itself
"""

from faaslab.viz.cells import cells
from faaslab.viz.curve import curve
from faaslab.viz.explorer import Explorer
from faaslab.viz.frontier import frontier
from faaslab.viz.grid import grid
from faaslab.viz.live import live
from faaslab.viz.phases import phases
from faaslab.viz.picture import Picture
from faaslab.viz.prediction import Prediction, prediction
from faaslab.viz.say import say
from faaslab.viz.style import INK, canvas, legend, series, settings
from faaslab.viz.tables import over_seeds, plus_minus
from faaslab.viz.texts import ChapterTexts, parse_texts, read_texts
from faaslab.viz.timeline import run_rows, timeline

__all__ = [
    "INK",
    "ChapterTexts",
    "Explorer",
    "Picture",
    "Prediction",
    "canvas",
    "cells",
    "curve",
    "frontier",
    "grid",
    "legend",
    "live",
    "over_seeds",
    "parse_texts",
    "phases",
    "plus_minus",
    "prediction",
    "read_texts",
    "run_rows",
    "say",
    "series",
    "settings",
    "timeline",
]
