"""A manager from a text: its name, and after a colon what is unusual about its safeguard.

    largest         within the mask of the safeguard with its usual threshold
    largest:0.8     with another threshold
    largest:none    without the safeguard
    largest:coupled with memory in proportion to cores; also largest:0.8:coupled

Names are those of MANAGERS and "faasrm", which needs a policy. Left out: the other settings of the classes.
"""

from collections.abc import Callable

from faaslab.errors import InputError, member, number
from faaslab.harvest.manager import ResourceManager, SafeguardedManager
from faaslab.harvest.managers import MANAGERS, FaaSRM, Libra
from faaslab.harvest.options import Options
from faaslab.harvest.scores import NumpyScores

LEARNT = "faasrm"
NAMES = (*MANAGERS, LEARNT)
SAFEGUARDED = (LEARNT, *(name for name, made in MANAGERS.items() if issubclass(made, SafeguardedManager)))


def parse_manager(
    text: str, where: str = "manager", *, options: Options | None = None, policy: NumpyScores | None = None
) -> Callable[[], ResourceManager]:
    """What makes the manager that `text` names, with these options (by default its own).

    InputError, with `where`: an unknown name, a setting that the manager does not have, "faasrm" without a policy.
    """
    name, *parts = text.split(":")
    member(name, where, NAMES)
    settings = _settings(name, parts, text, where)
    if options is not None:
        settings["options"] = options
    if name != LEARNT:
        made = MANAGERS[name]
        return lambda: made(**settings)
    if policy is None:
        raise InputError(f"{where}: expected a policy for {text!r}, got none")
    return lambda: FaaSRM(policy, **settings)


def safeguard_suffix(threshold: float | None, coupled: bool) -> str:
    """What stands after a name for this safeguard: "" for the usual one."""
    words = [] if threshold == 0.9 else ["none" if threshold is None else f"{threshold:g}"]
    return "".join(f":{word}" for word in words + ["coupled"] * coupled)


def parse_threshold(text: str, where: str) -> float | None:
    """The safeguard's threshold, above 0 and at most 1; None for "none"."""
    if text == "none":
        return None
    try:
        value = float(text)
    except ValueError:
        raise InputError(f"{where}: expected a number above 0, at most 1, or none; got {text!r}") from None
    return number(value, where, above=0, maximum=1)


def _settings(name, parts, text, where):
    allowed = ("coupled", "threshold") if name in SAFEGUARDED else ("threshold",) if MANAGERS.get(name) is Libra else ()
    settings = {}
    for part in parts:
        key = "coupled" if part == "coupled" else "threshold"
        if key not in allowed:
            raise InputError(f"{where}: expected {name!r} without {part!r}, which it cannot have; got {text!r}")
        if key in settings:
            raise InputError(f"{where}: expected each setting once, got {text!r}")
        settings[key] = True if key == "coupled" else parse_threshold(part, where)
    return settings
