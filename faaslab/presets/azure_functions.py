"""Azure Functions, consumption plan: instances of a whole app, one more a second at most, 20 minutes of keep-alive.

Give functions their `app`, so that the functions of one app share instances, and their `concurrency`. Source:
data/constants.toml. Left out: the slower rule for other triggers than HTTP (one instance every 30 s), the Flex plan,
and the machines under it (memory is unlimited).
"""

from dataclasses import replace

from faaslab.platform import Platform
from faaslab.policies import FixedWindow, OnePerRequest
from faaslab.presets.constants import value


def azure_functions(**changes) -> Platform:
    """A Platform with the consumption plan's constants; `changes` replace fields."""
    rate = value("azure_functions", "scaling_per_s")
    platform = Platform(
        name="azure_functions",
        keep_alive=FixedWindow(value("azure_functions", "keep_alive_s")),
        autoscaler=OnePerRequest(max(1.0, rate), rate, most=int(value("azure_functions", "instances")), waits=True),
    )
    return replace(platform, **changes)
