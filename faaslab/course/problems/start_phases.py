"""The length of the phase "code" from what a worker noted while it started. Chapter "A cloud on your laptop".

As the platform counts: dependencies are the outermost imports, code is the rest of the loading. Times in ms.
"""

from faaslab.course.problems.drawing import one


def draw(rng) -> dict:
    """A start with two libraries, one of which imports a third while it is loaded."""
    allocate, runtime = int(rng.integers(3, 12)), int(rng.integers(21, 60))
    outer, inner, second = (int(rng.integers(*ends)) for ends in ((90, 160), (20, 60), (30, 80)))
    before, between, after = (int(rng.integers(*ends)) for ends in ((2, 9), (3, 12), (60, 140)))
    handler = int(rng.integers(10, 19))
    library, part, other = one(
        rng, ("numpy", "numpy.linalg", "boto3"), ("pandas", "pytz", "requests"), ("scipy", "scipy.sparse", "PIL")
    )
    created = allocate
    loading = created + runtime
    first = loading + before
    first_end = first + outer
    inside = first + int(rng.integers(5, 25))
    next_begin = first_end + between
    next_end = next_begin + second
    loaded = next_end + after
    given = {
        "arrival_ms": 0,
        "process_created_ms": created,
        "loading_begins_ms": loading,
        "imports_ms": {library: (first, first_end), part: (inside, inside + inner), other: (next_begin, next_end)},
        "loading_ends_ms": loaded,
        "handler_ends_ms": loaded + handler,
    }
    key = before + between + after
    slips = {
        "whole-loading": loaded - loading,
        "counted-twice": key - inner,
        "only-after": after,
        "first-only": key + second,
        "dependencies": outer + second,
        "with-handler": key + handler,
        "from-created": key + runtime,
        "from-arrival": key + runtime + allocate,
    }
    steps = {
        "library": library,
        "part": part,
        "other": other,
        "loading": loaded - loading,
        "outer": outer,
        "second": second,
        "dependencies": outer + second,
        "allocate": allocate,
        "runtime": runtime,
    }
    return {"given": given, "key": key, "unit": "ms", "slips": slips, "steps": steps}
