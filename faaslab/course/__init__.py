"""The course: checks that answer at once, hints in three steps, generated problems, grades, and the making of labs."""

from faaslab.course.check import check
from faaslab.course.grade import grade
from faaslab.course.lab import Lab, open_lab
from faaslab.course.problems import TOPICS, Problem, problem

__all__ = ["TOPICS", "Lab", "Problem", "check", "grade", "open_lab", "problem"]
