"""The course: checks that answer at once, hints in three steps, generated problems, grades, and the making of labs."""

from faaslab.course.check import check
from faaslab.course.grade import grade
from faaslab.course.lab import Lab, open_lab
from faaslab.course.problems import Problem, problem, topic_names

__all__ = ["Lab", "Problem", "check", "grade", "open_lab", "problem", "topic_names"]
