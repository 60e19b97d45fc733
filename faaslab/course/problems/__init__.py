"""Generated problems: a seed gives the numbers, the package computes the key, and slips are computed beside it.

A topic is a module of this folder with `draw(rng)`, which returns the fields of a Problem, and a file of words of the
same name in data/problems (`cold_fraction.py` and `cold-fraction.toml`). Labs and quiz draw from the same topics.
Numbers come from short lists of round values, so that problems can be done by hand; the keys come from faaslab's own
models and formulas.
"""

from faaslab.course.problems.problem import Problem, problem
from faaslab.course.words import topic_names

__all__ = ["Problem", "problem", "topic_names"]
