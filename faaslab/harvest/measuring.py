"""Measuring demand: every application is called on the real platform with each input size, at each number of cores.

    python -m faaslab.harvest.measuring

writes data/demand.json anew: durations and cpu-seconds of each repetition as the platform reports them, and the most
memory (PSS) that it saw. Each pair of a size and a number of cores has a container of its own, whose first call is not
counted. Only calls count during which nothing else used the machine, not even another core, since cores share caches
and memory: others are repeated, and while something else runs the measurement waits; or, with --precedence, takes all
cores (root alone may do so): those that a call does not have run an empty loop, and others run where the call idles.
What has been measured is in a file beside the result from then on: an interrupted measurement is taken up where it
stopped, if it is asked for the same.

Chapter "Does it work?". Source: the containers' cores are chosen by sched_setaffinity(2), in the handler, since the
platform shares processors among its containers. Left out: more cores than the machine has, and cores that are slowed
down by what other cores do (their clock, caches and memory are shared).
"""

import argparse
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from statistics import median

from faaslab.errors import InputError, member, number, whole
from faaslab.harvest import applications
from faaslab.harvest.curve import DATA, Cell
from faaslab.harvest.demand_file import kept_of, provenance, taken_up, write
from faaslab.runtime import Runtime
from faaslab.runtime.machine_size import machine_cores
from faaslab.runtime.measuring.load import machine_cpu_s
from faaslab.runtime.sandbox.process_usage import cpu_clock_s

SIZES = (0.25, 0.5, 1.0, 2.0)
CORES = (1, 2)
REPETITIONS = 5
MEMORY_MB, TIMEOUT_S = 4096, 120.0  # more than any needs: what it needs is measured
QUIET_CORES, LOOK_S, TICK_S = 0.1, 0.25, 0.02  # what others may use; TICK_S: the kernel counts in hundredths
MOST_NICE = -20
LOOP = "import os, sys\nos.sched_setaffinity(0, [int(sys.argv[1])])\nwhile True: pass"
PATIENCE_S = 900.0
GONE_WITHIN_S = 10.0


class Measurement:
    """Measures on `cloud`, a running platform. patience_s: how long in all to wait for a machine that others
    use. precedence: take its cores instead.

    InputError where a call fails, patience ends or precedence is refused.
    """

    def __init__(self, cloud, repetitions=REPETITIONS, patience_s=PATIENCE_S, precedence=False):
        self.cloud = cloud
        self.precedence = precedence
        self.repetitions = whole(repetitions, "measuring, repetitions", minimum=5)
        self.patience_s = number(patience_s, "measuring, patience_s", minimum=0)
        self.disturbed = 0  # calls that were repeated
        self._parts = {}  # application -> its function `parts`

    def deploy(self, name):
        self.cloud.deploy(
            name, applications.path(), handler=applications.handler(name), memory_mb=MEMORY_MB, timeout_s=TIMEOUT_S
        )
        self._parts[name] = applications.load(name).parts

    def cell(self, name, size, cores) -> Cell:
        """One pair of size and cores, in a new container."""
        if cores > machine_cores():
            raise InputError(f"measuring, cores: expected at most {machine_cores()}, got {cores}")
        self._end_containers(name)
        event = {"size": size, "cores": cores}
        reports = [self._call(name, event).report]
        others = []
        with self._taken(name, cores) as loops:
            while len(reports) <= self.repetitions:
                self._one_more(name, event, reports, others, loops)
        counted = reports[1:]
        return Cell(
            size,
            cores,
            self._parts[name](size),
            tuple(round(report.duration_s, 5) for report in counted),
            tuple(round(report.cpu_s, 5) for report in counted),
            round(max(report.used_mb for report in reports), 2),
            round(median(others), 2),
        )

    def _one_more(self, name, event, reports, others, loops):
        """Call it; append its report, and what others used meanwhile, if it was undisturbed."""
        if not self.precedence:
            self._wait_for_quiet()
        begin, busy = time.monotonic(), machine_cpu_s() - sum(map(cpu_clock_s, loops))
        report = self._call(name, event).report
        wall_s, busy = time.monotonic() - begin, machine_cpu_s() - sum(map(cpu_clock_s, loops)) - busy
        unused = event["cores"] * wall_s - report.cpu_s if self.precedence else 0.0  # its serial part leaves cores idle
        if busy - report.cpu_s <= unused + QUIET_CORES * wall_s + TICK_S:
            reports.append(report)
            others.append(max(0.0, busy - report.cpu_s) / wall_s)
        else:
            self.disturbed += 1
            self._be_patient(wall_s)

    @contextmanager
    def _taken(self, name, cores):
        """With precedence: the container goes before all others, and empty loops keep the cores that it does not have.
        Gives the loops' process ids."""
        loops = []
        try:
            if self.precedence:
                first([self.cloud.pid, *(row["pid"] for row in self.cloud.ps() if row["function"] == name)])
                for core in sorted(os.sched_getaffinity(0))[cores:]:
                    loops.append(subprocess.Popen([sys.executable, "-c", LOOP, str(core)], start_new_session=True))
                first([loop.pid for loop in loops])
            yield [loop.pid for loop in loops]
        finally:
            for loop in loops:
                loop.kill()
                loop.wait()

    def _call(self, name, event):
        answer = self.cloud.invoke(name, event)
        if answer.error is not None or answer.report is None:
            raise InputError(f"measuring {name!r}, {event}: expected a call that completes, got {answer.error}")
        return answer

    def _end_containers(self, name):
        self.cloud.measure(warm=False)
        deadline = time.monotonic() + GONE_WITHIN_S
        while any(row["function"] == name for row in self.cloud.ps()):
            if time.monotonic() > deadline:
                raise InputError(f"measuring {name!r}: waited {GONE_WITHIN_S:g} s for a container to end")
            time.sleep(0.01)

    def _wait_for_quiet(self):
        while True:
            before = machine_cpu_s()
            time.sleep(LOOK_S)
            if machine_cpu_s() - before <= QUIET_CORES * LOOK_S + TICK_S:
                return
            self._be_patient(LOOK_S)

    def _be_patient(self, seconds):
        self.patience_s -= seconds
        if self.patience_s < 0:
            raise InputError("measuring: expected a machine that nothing else uses; repeat this when it is quiet")


def first(pids):
    """Processes go before all others of the machine: themselves, and the group of their session."""
    try:
        for pid in pids:
            os.setpriority(os.PRIO_PROCESS, pid, MOST_NICE)
            group = Path(f"/proc/{pid}/autogroup")
            if group.exists():
                group.write_text(str(MOST_NICE))
    except (OSError, AttributeError) as error:
        raise InputError(f"measuring, precedence: expected the right to take it, got: {error}") from None


def measure(path=DATA, *, names=None, sizes=SIZES, cores=CORES, repetitions=REPETITIONS, told=print, **how):
    """Measure the applications and write `path`. names: None for all; the others keep what `path` has of them, which
    must have been measured in the same way. how: patience_s, precedence.

    told(text) is called for every pair of size and cores. What was measured stands in `path` + ".partial" until all is.
    """
    path = Path(path)
    for name in names or ():
        member(name, "measuring, application", applications.names())
    names = list(names or applications.catalogue())
    facts = provenance(sizes, cores, repetitions)
    partial = path.with_name(path.name + ".partial")
    kept = kept_of(path, names, facts)
    measured = taken_up(partial, facts)
    wanted = [(name, size, count) for name in names for size in sizes for count in cores]
    with Runtime(memory_mb=4 * MEMORY_MB) as cloud:
        measurement = Measurement(cloud, repetitions, **how)
        for name in names:
            measurement.deploy(name)
        for done, (name, size, count) in enumerate(wanted, start=1):
            rows = measured.setdefault(name, [])
            if not any((row["size"], row["cores"]) == (size, count) for row in rows):
                cell = measurement.cell(name, size, count)
                rows.append(asdict(cell))
                write(partial, facts, measured)
                told(f"{done}/{len(wanted)} {_line(name, cell)}")
    write(partial, facts, kept | measured)
    os.replace(partial, path)
    told(f"written: {path.name}; {measurement.disturbed} calls were repeated because others used the cores")


def _line(name, cell):
    return (
        f"{name}, size {cell.size:g}, {cell.cores} cores: {cell.duration_s:.3g} s (spread {cell.spread_s:.2g} s), "
        f"{cell.cores_used:.3g} cores used, {cell.memory_mb:.3g} MB"
    )


def main(given=None):
    """The command line; 0, or 2 after bad input, 130 after an interruption."""
    parser = argparse.ArgumentParser(prog="python -m faaslab.harvest.measuring", description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", help="applications; all where none is named")
    parser.add_argument("--output", type=Path, default=DATA)
    parser.add_argument("--sizes", type=float, nargs="+", default=SIZES)
    parser.add_argument("--repetitions", type=int, default=REPETITIONS)
    parser.add_argument("--patience", type=float, default=PATIENCE_S, help="seconds to wait for a quiet machine")
    parser.add_argument("--precedence", action="store_true", help="take cores that others use; root alone may")
    options = parser.parse_args(given)
    try:
        measure(
            options.output,
            names=options.names,
            sizes=tuple(options.sizes),
            repetitions=options.repetitions,
            patience_s=options.patience,
            precedence=options.precedence,
            told=lambda text: print(text, flush=True),
        )
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted: the same command goes on from here", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
