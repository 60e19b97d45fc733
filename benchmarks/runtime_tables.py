"""Tables of what runtime.py has measured: the median of the rounds, their range, and a ratio to the first row."""

import statistics

WIDTH = 28
AIMS = """Aims: warm p50 under 1 ms; zygote cold call under 10 ms with numpy, and with torch 20 times faster than spawn;
calls a second at least those of Ray and of Lithops."""


def render(machine, runs, clients, handlers, rounds):
    present = {name: good for name, figures in runs.items() if (good := [f for f in figures if "version" in f])}
    memory = "?" if machine["memory_gb"] is None else f"{machine['memory_gb']:.0f}"
    lines = [
        f"{machine['processor']}, {machine['cores']} cores, {memory} GB; {machine['system']};",
        f"Python {machine['python']}; load before: {machine['load_before']:.2f}.",
        f"Rounds: {rounds}, contenders in turn; median (lowest-highest round).",
        "Memory in one round. Ratios are to the first row, of the column that is last (warm calls: p50).",
    ]
    lines += warm_table(present)
    lines += throughput_table(present, clients)
    lines += cold_table(present, handlers)
    lines += memory_table(present, handlers)
    lines += ["", *aims(present), ""]
    for name, figures in runs.items():
        lines.append(f"{name:{WIDTH}}{state(figures)}")
    return "\n".join(lines)


def state(figures):
    """The version of what was measured, or why it was not."""
    failed = [figure["failed"] for figure in figures if "failed" in figure]
    if failed:
        return f"FAILED in {len(failed)} of {len(figures)} rounds: {failed[-1]}"
    return f"absent: {figures[-1]['absent']}" if "absent" in figures[-1] else figures[-1]["version"]


def cell(values, scale=1.0):
    """Three significant digits, with the range of the rounds."""
    middle, low, high = (scale * value for value in (statistics.median(values), min(values), max(values)))
    return digits(middle) if len(values) == 1 else f"{digits(middle)} ({digits(low)}-{digits(high)})"


def digits(value):
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:#.3g}".rstrip(".") if value >= 0.001 else f"{value:.1g}"


def over(present, measure, *path):
    """{row: its value in each round} of rows that have this measure."""
    found = {}
    for name, figures in present.items():
        values = []
        for figure in figures:
            value = figure.get(measure)
            for step in path:
                value = None if value is None else value.get(step)
            if value is not None:
                values.append(value)
        if values:
            found[name] = values
    return found


def table(title, heads, columns, scale=1.0, *, ratio):
    """columns: one {row: values} for each head; ratio: the column whose ratio to the first row closes the line."""
    names = dict.fromkeys(name for column in columns for name in column)
    if not names:
        return []
    lines = ["", f"{title:{WIDTH}}" + "".join(f"{head:>22}" for head in heads) + f"{'ratio':>9}"]
    first = next(iter(columns[ratio].values()), None)
    for name in names:
        line = f"{name:{WIDTH}}"
        line += "".join(f"{cell(column[name], scale) if name in column else '-':>22}" for column in columns)
        if first is not None and name in columns[ratio]:
            line += f"{digits(statistics.median(columns[ratio][name]) / statistics.median(first)):>9}"
        lines.append(line)
    return lines


def warm_table(present):
    columns = [over(present, "closed loop", "1", quantile) for quantile in ("p50_s", "p99_s")]
    return table("warm call, ms", ["p50", "p99"], columns, 1e3, ratio=0)


def throughput_table(present, clients):
    columns = [over(present, "closed loop", str(count), "calls_per_s") for count in clients]
    best = {
        name: [max(loop["calls_per_s"] for loop in figure["closed loop"].values()) for figure in figures]
        for name, figures in present.items()
        if "closed loop" in figures[0]
    }
    heads = [f"{count} client{'s' if count > 1 else ''}" for count in clients] + ["best"]
    return table("calls a second", heads, [*columns, best], ratio=len(columns))


def cold_medians(present, handler):
    found = over(present, "cold_s", handler)
    return {name: [statistics.median(calls) for calls in rounds] for name, rounds in found.items()}


def cold_table(present, handlers):
    columns = [over(present, "start_s")] + [cold_medians(present, handler) for handler in handlers]
    heads = ["platform's start", *(handler.replace("_", " ") for handler in handlers)]
    return table("cold call, ms", heads, columns, 1e3, ratio=len(handlers))


def memory_table(present, handlers):
    columns = [over(present, "memory_mb", handler, "container") for handler in handlers]
    columns.append(over(present, "memory_mb", handlers[0], "platform"))
    heads = [*(handler.replace("_", " ") for handler in handlers), f"rest ({handlers[0]})"]
    return table("idle container, PSS in MB", heads, columns, ratio=len(handlers) - 1)


def aims(present):
    """The aims, and what was measured of them."""
    lines = AIMS.splitlines()
    warm = over(present, "closed loop", "1", "p50_s").get("faaslab, zygote")
    if warm:
        lines.append(f"  warm p50 {digits(1e3 * statistics.median(warm))} ms")
    numpy = cold_medians(present, "with_numpy").get("faaslab, zygote")
    if numpy:
        lines.append(f"  zygote with numpy {digits(1e3 * statistics.median(numpy))} ms")
    torch = cold_medians(present, "with_torch")
    if {"faaslab, zygote", "faaslab, spawn"} <= set(torch):
        ratio = statistics.median(torch["faaslab, spawn"]) / statistics.median(torch["faaslab, zygote"])
        lines.append(f"  zygote with torch {digits(ratio)} times faster than spawn")
    return lines
