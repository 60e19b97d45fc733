"""One explorer of each kind, a prediction and two pictures, from small tables that are computed here."""

import math

import pytest
from viz_samples import TEXTS, UNTIL_S, WINDOWS_S, curve_rows, replay

from faaslab.viz import curve, frontier, parse_texts, phases, prediction, timeline


@pytest.fixture(scope="session")
def texts():
    return parse_texts(TEXTS)


@pytest.fixture(scope="session")
def eight_calls(texts):
    runs = [replay(window) for window in WINDOWS_S]
    calls, containers = ([row for run in runs for row in run[i]] for i in (0, 1))
    summary = [run[2] for run in runs]
    return timeline(
        "eight-calls",
        calls,
        containers,
        texts,
        controls=["keep_alive_s"],
        start={"keep_alive_s": 10.0},
        until_s=UNTIL_S,
        summary=summary,
    )


@pytest.fixture(scope="session")
def eight_still(texts):
    calls, containers, _ = replay(10.0)
    return timeline("eight-still", calls, containers, texts, until_s=UNTIL_S)


@pytest.fixture(scope="session")
def walking_curve(texts):
    return curve(
        "curve", curve_rows(), texts, x="window_s", y=["cold", "half"], controls=["window_s", "rate"],
        start={"window_s": 60}, xscale="log", ylim=(0, 1.02),
    )  # fmt: skip


@pytest.fixture(scope="session")
def moving_lines(texts):
    rows = []
    for service_s, burst in ((s, b) for s in (0.1, 0.2, 0.5, 1.0) for b in ("calm", "wild")):
        for kind, factor in (("steady", 0.6), ("bursty", 1.0 if burst == "calm" else 1.5)):
            for load in range(0, 19, 2):
                mean_s = factor * service_s / (1 - load / 20)
                state = {"service_s": service_s, "burst": burst, "kind": kind, "load": load / 20}
                rows.append({**state, "mean_s": mean_s, "low_s": 0.8 * mean_s, "high_s": 1.2 * mean_s})
    ends = {"mean_s": ("low_s", "high_s")}
    options = {"controls": ["service_s"], "preset": "burst", "start": {"service_s": 0.5}, "interval": ends}
    return curve("lines", rows, texts, x="load", y="mean_s", series="kind", **options)


@pytest.fixture(scope="session")
def policies(texts):
    rows = [
        {
            "policy": p,
            "window_s": w,
            "cold": 0.9 * math.exp(-w * f / 300) + 0.01,
            "idle_memory_mb": 4000 * (1 - math.exp(-w / 500)) / f,
        }
        for p, f in (("fixed", 1.0), ("histogram", 1.6))
        for w in (10, 60, 120, 300, 600, 1200)
    ]
    rows.append({"policy": "none", "window_s": None, "cold": 0.97, "idle_memory_mb": 0.0})
    return frontier(
        "frontier",
        rows,
        texts,
        x="cold",
        y="idle_memory_mb",
        series="policy",
        controls=["window_s"],
        start={"window_s": 300},
        xlim=(0, 1.05),
    )


@pytest.fixture(scope="session")
def explorers(eight_calls, walking_curve, moving_lines, policies):
    return [eight_calls, walking_curve, moving_lines, policies]


@pytest.fixture(scope="session")
def phase_bars(texts):
    rows = [
        {"start": start, "phase": phase, "seconds": seconds}
        for start, parts in (
            ("cold", (0.1, 0.3, 0.7, 0.2)),
            ("stem cell", (0.0, 0.0, 0.7, 0.2)),
            ("warm", (0.0, 0.0, 0.0, 0.0)),
        )
        for phase, seconds in zip(("allocate", "runtime", "dependencies", "code"), parts, strict=True)
    ]
    return phases("phases", rows, texts, bar="start", segment="phase", value="seconds")


@pytest.fixture(scope="session")
def opening(texts):
    return prediction("opening", texts, guards="eight-calls", answer="five", slow=5, calls=8)


PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Explorers</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,"> <link
rel="stylesheet" href="explorer.css"><script src="explorer.js" defer></script> <style>html[data-theme=dark] {
--pst-color-background: #14181e; --pst-color-text-base: #ced6dd; --pst-color-text-muted: #9ca4af; --pst-color-border:
#48566b; --pst-color-primary: #5fb4ff; } body { font: 16px/1.6 system-ui, sans-serif; max-width: 44rem; margin: 0 auto;
padding: 0 1rem; background: var(--faaslab-paper); color: var(--faaslab-text); } table { border-spacing: 0; }</style>
</head><body>BODY</body></html>"""


@pytest.fixture(scope="session")
def page(tmp_path_factory, opening, explorers, phase_bars, eight_still):
    """A folder with one page that shows everything, its script and its style; returns the page's path."""
    from importlib import resources

    folder = tmp_path_factory.mktemp("page")
    for name in ("explorer.js", "explorer.css"):
        folder.joinpath(name).write_bytes(resources.files("faaslab.viz").joinpath(f"static/{name}").read_bytes())
    shown = [opening, *explorers, phase_bars, eight_still]
    body = "\n".join(item._repr_mimebundle_()["text/html"] for item in shown)
    path = folder / "page.html"
    path.write_text(PAGE.replace("BODY", body), encoding="utf-8")
    return path
