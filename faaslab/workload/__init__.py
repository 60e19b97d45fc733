"""Who calls, and when: arrivals, traces and the generator of Azure-like workloads."""

from faaslab.workload.azure2019 import read_azure2019
from faaslab.workload.azure2019_write import write_azure2019
from faaslab.workload.azure2021 import read_azure2021
from faaslab.workload.diurnal import daily, diurnal, sinusoid_rate
from faaslab.workload.generator import azure_like, trigger_of
from faaslab.workload.iat import iat_cv, index_of_dispersion, interarrival_s
from faaslab.workload.mmpp import MMPP, mmpp, on_off
from faaslab.workload.poisson import piecewise_poisson, poisson
from faaslab.workload.recorded import Recorded
from faaslab.workload.renewal import renewal
from faaslab.workload.thumbnails import thumbnail_function, thumbnails
from faaslab.workload.workload import Workload, merge

__all__ = [
    "MMPP",
    "Recorded",
    "Workload",
    "azure_like",
    "daily",
    "diurnal",
    "iat_cv",
    "index_of_dispersion",
    "interarrival_s",
    "merge",
    "mmpp",
    "on_off",
    "piecewise_poisson",
    "poisson",
    "read_azure2019",
    "read_azure2021",
    "renewal",
    "sinusoid_rate",
    "thumbnail_function",
    "thumbnails",
    "trigger_of",
    "write_azure2019",
]
