"""What differs between our client of the Runtime API and AWS's own, awslambdaric: the written list.

The conformance test plays every case through both, and fails where they differ in anything that is not on the list, and
where something on the list no longer differs. The page "What runs unchanged on AWS Lambda" shows the same list. The
data stands in data/differences.toml.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

KINDS = ("varies", "client", "wire")


@dataclass(frozen=True)
class Difference:
    """kind: "varies" between any two calls, "client" for what a function or its caller can see of the client, "wire"
    for what only the platform sees. what, ours, aws, why: for readers. pattern: what of an answer or a log line is
    replaced by `replacement` before two are compared (none for a wire difference). example: a case of the test in which
    it shows. headers: names of those that only one of the two sends."""

    name: str
    kind: str
    what: str
    why: str
    ours: str = ""
    aws: str = ""
    pattern: str = ""
    replacement: str = ""
    example: str = ""
    headers: tuple[str, ...] = ()

    def without(self, text: str) -> str:
        """The text with this difference taken out."""
        return re.sub(self.pattern, self.replacement, text) if self.pattern else text


@cache
def differences(*kinds: str) -> tuple[Difference, ...]:
    """The list, or its entries of these kinds."""
    text = resources.files("faaslab.runtime").joinpath("data/differences.toml").read_text(encoding="utf-8")
    listed = (Difference(name=name, **given) for name, given in tomllib.loads(text).items())
    return tuple(entry for entry in listed if entry.kind in (kinds or KINDS))
