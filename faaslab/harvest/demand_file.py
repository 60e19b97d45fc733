"""The file of measured demand: a line for each pair of an input size and a number of cores, and how it was measured.

Chapter "Does it work?". Left out: names of machines and users; the processor is named by its model alone.
"""

import json
import os
import platform as system
import shlex
import sys
from datetime import date
from pathlib import Path

import numpy as np

from faaslab.errors import InputError
from faaslab.harvest import applications
from faaslab.runtime.machine_size import machine_cores


def provenance(sizes, cores, repetitions) -> dict:
    """How, on what and with what versions. The names of the machine and of its user are not in it."""
    return {
        "command": shlex.join(["python", "-m", "faaslab.harvest.measuring", *sys.argv[1:]]),
        "date": date.today().isoformat(),
        "machine_cores": machine_cores(),
        "cpu": cpu_model(),
        "system": system.system(),
        "python": system.python_version(),
        "numpy": np.__version__,
        "torch": "not used",
        "sizes": list(sizes),
        "cores": list(cores),
        "repetitions": repetitions,
    }


def cpu_model() -> str:
    """What the processor calls itself; "unknown" where the system does not say."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return system.processor() or "unknown"
    facts = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    family = f", family {facts['cpu family']}" if "cpu family" in facts else ""
    return facts.get("model name", "unknown") + family


def taken_up(partial, facts):
    """What an interrupted measurement of the same has left behind."""
    try:
        stored = json.loads(partial.read_text())
    except (OSError, ValueError):
        return {}
    return stored["applications"] if not _differing(stored, facts) else {}


def kept_of(path, names, facts):
    """What the result has of the applications that are not measured now; its command goes before that of `facts`."""
    if set(names) == set(applications.names()) or not path.exists():
        return {}
    stored = json.loads(path.read_text())
    if differing := _differing(stored, facts):
        raise InputError(f"measuring, {path.name}: expected its own {', '.join(differing)}; measure all anew")
    facts["command"] = f"{stored['provenance']['command']}; {facts['command']}"
    return stored["applications"]


def _differing(stored, facts):
    return [key for key in facts if key not in ("date", "command") and stored["provenance"].get(key) != facts[key]]


def write(path, facts, measured):
    """JSON with a line for each pair of size and cores; written beside first, so that none is ever half written."""
    order = [name for name in applications.catalogue() if name in measured]
    blocks = [
        f"  {json.dumps(name)}: [\n"
        + ",\n".join("   " + json.dumps(row) for row in sorted(measured[name], key=_place))
        + "\n  ]"
        for name in order
    ]
    head = json.dumps(facts, indent=1).replace("\n", "\n ")
    text = '{\n "provenance": ' + head + ',\n "applications": {\n' + ",\n".join(blocks) + "\n }\n}\n"
    beside = path.with_name(path.name + ".new")
    beside.write_text(text)
    os.replace(beside, path)


def _place(row):
    return row["size"], row["cores"]
