"""Grades: the last line of a hidden test cell in nbgrader.

nbgrader gives a cell full marks unless it raises, ends in a number, or writes to stderr (which gives zero). So grade()
always returns a built-in float, and keeps warnings and everything printed to itself.
"""

from faaslab.course.cases import quiet
from faaslab.course.lab import open_lab


def grade(lab: str, task: str, *answers, seed: int = 1) -> float:
    """Points won, from 0.0 to the task's points, as a built-in float. Never raises, never prints.

    Code is tried on cases other than those that the student's check shows. The problems are those of `seed`.
    """
    try:
        with quiet():
            opened = open_lab(lab, seed=seed)
            return float(round(opened.points(task) * opened.verdict(task, *answers, hidden=True).score, 6))
    except (Exception, SystemExit):
        return 0.0
