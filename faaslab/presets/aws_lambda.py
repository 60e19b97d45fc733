"""AWS Lambda: one container a request, a scaling rate, an account limit, a fixed keep-alive.

Source: data/constants.toml. Left out: the machines under it (memory is unlimited), the retained INIT retry, SnapStart,
and the quota of requests a second.
"""

from dataclasses import replace

from faaslab.platform import Platform
from faaslab.policies import ConcurrencyLimit, FixedWindow, OnePerRequest
from faaslab.presets.constants import value


def aws_lambda(account_concurrency: int | None = None, **changes) -> Platform:
    """A Platform with Lambda's constants. account_concurrency: None for the default quota; `changes` replace fields."""
    limit = int(value("aws_lambda", "account_concurrency")) if account_concurrency is None else account_concurrency
    platform = Platform(
        name="aws_lambda",
        keep_alive=FixedWindow(value("aws_lambda", "keep_alive_s")),
        autoscaler=OnePerRequest(value("aws_lambda", "scaling_burst"), value("aws_lambda", "scaling_per_s")),
        admission=ConcurrencyLimit(limit),
    )
    return replace(platform, **changes)
