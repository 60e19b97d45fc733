"""Whole platforms in one call. Each constant has its source and date: `constants(preset)`."""

from faaslab.presets.aws_lambda import aws_lambda
from faaslab.presets.azure_functions import azure_functions
from faaslab.presets.constants import constants, start_model
from faaslab.presets.knative import knative
from faaslab.presets.openwhisk import openwhisk
from faaslab.presets.vm_fleet import vm_fleet

__all__ = ["aws_lambda", "azure_functions", "constants", "knative", "openwhisk", "start_model", "vm_fleet"]
