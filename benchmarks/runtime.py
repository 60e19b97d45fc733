"""The platform on this machine beside what else runs a Python function in another process, all in one run.

Warm latency (one client), closed-loop throughput (1, 2 and 4 clients with one call in flight each), cold calls of three
handlers (bare, importing numpy, importing torch) and memory of idle containers (PSS). Every contender gets the same
handlers and the same payload; each round runs every contender once, in a process of its own, so that whatever else the
machine does hits all; a table shows the median of the rounds and their range. Ray and Lithops are measured where this
interpreter, or the one named by FAASLAB_PEERS_PYTHON, has them.
Usage: python benchmarks/runtime.py [--rounds N] [--seconds S] [--handlers ...] [--contenders ...]
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import runtime_tables

HERE = Path(__file__).resolve().parent
OUTPUT = HERE.parent / "_build" / "benchmarks" / "runtime.json"
PEERS_PYTHON = "FAASLAB_PEERS_PYTHON"
HANDLERS = ("bare", "with_numpy", "with_torch")
ALL = ("closed loop", "cold", "memory")
TIME_LIMIT_S = 300


class Row(NamedTuple):
    """A line of the tables. slow: its calls take so long that one of each kind has to do."""

    name: str
    contender: str
    variant: str
    measures: tuple
    peer: bool = False
    slow: bool = False


# Start modes differ in cold calls and memory alone: a warm call is the same in all.
ROWS = (
    Row("faaslab, zygote", "faaslab_runtime", "zygote", ALL),
    Row("faaslab, spawn", "faaslab_runtime", "spawn", ("cold", "memory")),
    Row("faaslab, prewarmed", "faaslab_runtime", "prewarmed", ("cold",)),
    Row("ProcessPoolExecutor, fork", "process_pool", "fork", ALL),
    Row("ProcessPoolExecutor, spawn", "process_pool", "spawn", ALL),
    Row("Ray, actor", "ray_workers", "actor", ALL, peer=True),
    Row("Ray, task", "ray_workers", "task", ("closed loop", "cold"), peer=True),
    Row("Lithops, localhost", "lithops_localhost", "1", ("closed loop", "cold"), peer=True, slow=True),
)


def measure(row, args, folder, first):
    """The figures of one row in one round, or {"absent": why} or {"failed": why}. Memory in the first round alone."""
    measures = [measure for measure in row.measures if measure != "memory" or first]
    cold_calls = {handler: 1 if row.slow or handler == "with_torch" else 5 for handler in args.handlers}
    sizes = {
        "seconds": args.seconds, "clients": args.clients, "containers": args.containers, "cold_calls": cold_calls,
    }  # fmt: skip
    python = os.environ.get(PEERS_PYTHON, sys.executable) if row.peer else sys.executable
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment |= {
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE / "handlers")]),
        "TMPDIR": folder,
    }
    task = json.dumps([row.contender, row.variant, measures, sizes])
    command = [python, str(HERE / "one_contender.py"), task]
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=TIME_LIMIT_S)
    except subprocess.TimeoutExpired:
        return {"failed": f"not done after {TIME_LIMIT_S} s"}
    except OSError as error:
        return {"failed": str(error)}
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        return {"failed": (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]}
    return json.loads(done.stdout.splitlines()[-1])


def machine():
    def first(path, start):
        try:
            lines = Path(path).read_text().splitlines()
        except OSError:
            return "?"
        return next((line.partition(":")[2].strip() for line in lines if line.startswith(start)), "?")

    memory = first("/proc/meminfo", "MemTotal").removesuffix(" kB")
    return {
        "processor": first("/proc/cpuinfo", "model name"),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": int(memory) / 2**20 if memory.isdigit() else None,
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_before": os.getloadavg()[0],
    }


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="how often every contender runs (default 3)")
    parser.add_argument("--seconds", type=float, default=0.8, help="length of a closed loop (default 0.8)")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 2, 4], help="numbers of clients (default 1 2 4)")
    parser.add_argument("--containers", type=int, default=4, help="idle containers whose memory is read (default 4)")
    parser.add_argument("--handlers", nargs="+", default=HANDLERS, choices=HANDLERS)
    modules = sorted({row.contender for row in ROWS})
    parser.add_argument("--contenders", nargs="+", default=modules, choices=modules)
    parser.add_argument("--output", type=Path, default=OUTPUT, help="where the JSON goes")
    return parser.parse_args()


def main():
    args = arguments()
    about = machine()
    rows = [row for row in ROWS if row.contender in args.contenders]
    runs = {row.name: [] for row in rows}
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder:
        for number in range(args.rounds):
            for row in rows:
                if runs[row.name] and "absent" in runs[row.name][-1]:
                    continue
                print(f"round {number + 1} of {args.rounds}: {row.name}", file=sys.stderr)
                runs[row.name].append(measure(row, args, folder, first=number == 0))
    print(runtime_tables.render(about, runs, args.clients, args.handlers, args.rounds))
    args.output.parent.mkdir(parents=True, exist_ok=True)
    args.output.write_text(json.dumps({"machine": about, "rounds": runs}, indent=1))
    print(f"\nwritten: {os.path.relpath(args.output)}")
    return int(any("failed" in figures for figures in chain.from_iterable(runs.values())))


if __name__ == "__main__":
    sys.exit(main())
