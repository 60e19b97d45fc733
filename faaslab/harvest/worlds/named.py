"""Worlds by name, with the settings that each has: for the command line and for whoever compares in several worlds.

    one              1,000 functions of Azure's on 20 servers (experiment_one.py)
    two              ten measured functions (experiment_two.py)
    episodes         small episodes like those of training, from functions and minutes that training never sees
    larger           thirty functions, about 300 calls, scarce capacity; also held out
    input-dependent  demand that varies from call to call (input_dependent.py)

Left out: settings of these worlds that are not in SETTINGS.
"""

from collections.abc import Callable
from functools import partial

from faaslab.errors import InputError, member
from faaslab.harvest.options import Options
from faaslab.harvest.worlds.world import World

# name -> the settings that may be given
SETTINGS = {
    "one": ("minute_s", "functions", "servers", "split"),
    "two": ("load", "servers", "split"),
    "episodes": ("functions", "load", "servers", "split"),
    "larger": ("functions", "load", "servers", "split"),
    "input-dependent": ("functions", "load", "servers"),
}
WORLDS = tuple(SETTINGS)


def world_maker(name: str, **settings) -> tuple[Callable[[int], World], Options]:
    """A function of a seed that makes the world `name`, and the options of decisions in it.

    InputError for an unknown name, a setting that this world does not have, and settings that it refuses.
    """
    member(name, "world", WORLDS)
    for setting in settings:
        if setting not in SETTINGS[name]:
            known = ", ".join(SETTINGS[name])
            raise InputError(f"world {name!r}: expected settings among {known}; got {setting}={settings[setting]!r}")
    if name == "one":
        from faaslab.harvest.worlds.experiment_one import experiment_one

        return partial(experiment_one, **settings), Options()
    if name == "two":
        from faaslab.harvest.worlds.experiment_two import experiment_two

        return partial(experiment_two, **settings), Options()
    if name == "input-dependent":
        from faaslab.harvest.worlds.input_dependent import OPTIONS, input_dependent

        return partial(input_dependent, **settings), OPTIONS
    from faaslab.harvest.worlds.episodes import Episodes

    make = Episodes if name == "episodes" else Episodes.larger
    episodes = make(**{"split": "held out"} | settings)
    return episodes, episodes.options
