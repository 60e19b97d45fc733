"""Knative Serving: the KPA owns the number of containers, calls wait in the activator when there is none.

Give functions their `concurrency`. Source: data/constants.toml. Left out: the ingress, the queue-proxy's own queue
(calls wait in one queue before the containers), and the nodes under it (memory is unlimited).
"""

from dataclasses import replace

from faaslab.platform import Platform
from faaslab.policies import KPA, FixedWindow
from faaslab.presets.constants import value


def knative(**changes) -> Platform:
    """A Platform with Knative's defaults; `changes` replace fields. Keep-alive never applies: the KPA drains."""
    platform = Platform(
        name="knative",
        keep_alive=FixedWindow(float("inf")),
        autoscaler=KPA(utilization=value("knative", "utilization")),
    )
    return replace(platform, **changes)
