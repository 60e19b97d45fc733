"""Python's search for cyclic garbage, made rarer while a run goes on.

Most of what a run allocates stays to its end, and each search walks what has been allocated since the last: with
Python's usual interval that takes a third of the time of a run in which every call's allocation is remembered.
"""

import gc
from contextlib import contextmanager

ALLOCATIONS = 20_000  # from one search to the next: a few MB


@contextmanager
def rare_searches():
    """Search after every 20,000 allocations, unless searches are rarer already, or off."""
    usual = gc.get_threshold()
    if 0 < usual[0] < ALLOCATIONS:
        gc.set_threshold(ALLOCATIONS, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
