"""Invocations simulated a second and peak memory, beside SimFaaS on the same three workloads in the same run.

Poisson arrivals; exponential service, warm and cold; the newest idle container serves; 600 s of keep-alive. Every run
has a process of its own; simulators alternate, so that whatever else the machine does hits both; the median of the
rounds counts. Usage: python benchmarks/bench.py [--rounds N] [--workloads ABC] [--json]
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time

# name: calls a second, mean warm service, mean cold service (s), simulated seconds
WORKLOADS = {"A": (0.9, 1.991, 2.244, 1e6), "B": (10.0, 1.0, 1.5, 1e4), "C": (100.0, 1.991, 2.244, 1e3)}
WINDOW_S = 600.0
SEED = 1


def run_simfaas(rate, warm, cold, duration):
    import numpy as np
    from simfaas.ServerlessSimulator import ServerlessSimulator

    np.random.seed(SEED)
    simulator = ServerlessSimulator(
        arrival_rate=rate, warm_service_rate=1 / warm, cold_service_rate=1 / cold, expiration_threshold=WINDOW_S,
        max_time=duration,
    )  # fmt: skip
    simulator.generate_trace(debug_print=False, progress=False)
    figures = simulator.get_result_dict()
    return figures["reqs_total"], simulator.get_cold_start_prob(), simulator.get_average_server_count()


def run_faaslab(rate, warm, cold, duration, **machines):
    from faaslab.durations import Exponential
    from faaslab.functions import Function
    from faaslab.model.summary import summary
    from faaslab.platform import Platform, simulate
    from faaslab.policies import FixedWindow
    from faaslab.workload import Workload, poisson

    function = Function("f", Exponential(warm), cold_service=Exponential(cold))
    workload = Workload((function,), {"f": poisson(rate, duration, SEED)})
    figures = summary(simulate(Platform(FixedWindow(WINDOW_S), **machines), workload, seed=SEED, duration_s=duration))
    return figures["invocations"], figures["cold_fraction"], figures["containers_mean"]


def run_faaslab_machines(*workload):
    from faaslab.policies import LeastLoaded

    return run_faaslab(*workload, invokers=4, invoker_memory_mb=16_384.0, placement=LeastLoaded())


SIMULATORS = {
    "SimFaaS 0.2.2": run_simfaas,
    "faaslab": run_faaslab,
    "faaslab, 4 machines with 16 GB": run_faaslab_machines,
}


def measure(simulator, workload):
    """One run in this process, after a small one that loads the modules; prints its figures as JSON."""
    SIMULATORS[simulator](1.0, 1.0, 1.1, 100.0)
    began = time.perf_counter()
    calls, cold, containers = SIMULATORS[simulator](*WORKLOADS[workload])
    seconds = time.perf_counter() - began
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"calls": calls, "s": seconds, "peak_mb": peak_mb, "cold": cold, "containers": containers}))


def in_a_process(simulator, workload):
    command = [sys.executable, __file__, "--one", simulator, workload]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    output = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
    return json.loads(output.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="runs of each simulator and workload (default 3)")
    parser.add_argument("--workloads", default="ABC", help="which of A, B and C")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    parser.add_argument("--one", nargs=2, metavar=("SIMULATOR", "WORKLOAD"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        return measure(*args.one)
    table = {}
    for workload in args.workloads:
        runs = {simulator: [] for simulator in SIMULATORS}
        for number in range(args.rounds):
            for simulator, results in runs.items():
                print(f"workload {workload}, round {number + 1}: {simulator}", file=sys.stderr)
                results.append(in_a_process(simulator, workload))
        table[workload] = {simulator: middle(results) for simulator, results in runs.items()}
    if args.json:
        print(json.dumps(table))
        return
    peer = next(iter(SIMULATORS))
    print(f"{'':34}{'calls/s':>10}{'ratio':>8}{'peak MB':>9}{'cold':>10}{'containers':>12}")
    for workload, rows in table.items():
        rate, warm, cold, duration = WORKLOADS[workload]
        print(f"{workload}: {rate:g}/s, warm {warm:g} s, cold {cold:g} s, {duration:g} s")
        for simulator, row in rows.items():
            ratio = row["calls_per_s"] / rows[peer]["calls_per_s"]
            print(
                f"  {simulator:32}{row['calls_per_s']:>10,.0f}{ratio:>8.1f}{row['peak_mb']:>9.0f}"
                f"{row['cold']:>10.5f}{row['containers']:>12.3f}"
            )


def middle(results):
    """Medians over the rounds."""
    return {
        "calls_per_s": statistics.median(r["calls"] / r["s"] for r in results),
        "peak_mb": statistics.median(r["peak_mb"] for r in results),
        "cold": results[0]["cold"],
        "containers": results[0]["containers"],
    }


if __name__ == "__main__":
    main()
