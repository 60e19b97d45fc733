"""Freyr's settings: the grid and the threshold with which FaaSRM was later published.

Source: H. Yu et al., "Accelerating Serverless Computing by Harvesting Idle Resources", WWW 2022: safeguard threshold
0.8, at most 8 cores and 1,024 MB a function. Chosen here: 8 units of 128 MB, so that there are 64 options again. Left
out: its reward, which also divides by the throughput.
"""

from faaslab.harvest.options import Options


def freyr_settings() -> dict:
    """{"options", "threshold"}: keyword arguments of any manager with a safeguard."""
    return {"options": Options(cores=8, units=8, unit_mb=128.0), "threshold": 0.8}
