"""Errors of bad input, and the checks that raise them.

Every check names the value, what was expected and where, on one line, so that the command line can print it as it is.
All checks return the value in its canonical type, so that they can be used where the value is assigned.
"""

import math
from collections.abc import Collection
from difflib import get_close_matches


class InputError(ValueError):
    """Input that faaslab cannot work with: the message names the value, what was expected and where."""


def number(value, where, *, minimum=None, above=None, maximum=None, finite=True):
    """Return `value` as a float; raise InputError where it is not a number or lies outside the stated range.

    `minimum` and `maximum` are allowed values, `above` is not. Infinity passes only with finite=False; NaN never does.
    """
    return _in_range(value, where, "a finite number" if finite else "a number", minimum, above, maximum, finite)


def whole(value, where, *, minimum=0, maximum=None):
    """Return `value` as an int; raise InputError where it is not a whole number in the stated range."""
    result = _in_range(value, where, "a whole number", minimum, None, maximum, True)
    if result != int(result):
        raise InputError(f"{where}: expected a whole number, got {value!r}")
    return int(result)


def member(value, where, allowed: Collection):
    """Return `value` where it is one of `allowed`; else raise InputError with the nearest spelling."""
    if value in allowed:
        return value
    close = get_close_matches(str(value), [str(a) for a in allowed], n=1)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    raise InputError(f"{where}: expected one of {', '.join(map(str, allowed))}; got {value!r}{hint}")


def _is_numpy_number(value):
    return getattr(getattr(value, "dtype", None), "kind", "") in "iuf" and getattr(value, "ndim", 1) == 0


def _in_range(value, where, kind, minimum, above, maximum, finite):
    expected = _range_text(kind, minimum, above, maximum)
    if isinstance(value, bool) or (not isinstance(value, (int, float)) and not _is_numpy_number(value)):
        raise InputError(f"{where}: expected {expected}, got {value!r}")
    try:
        result = float(value)
    except OverflowError:
        result = math.inf
    outside = (
        math.isnan(result)
        or (finite and math.isinf(result))
        or (minimum is not None and result < minimum)
        or (above is not None and result <= above)
        or (maximum is not None and result > maximum)
    )
    if outside:
        raise InputError(f"{where}: expected {expected}, got {value!r}")
    return result


def _range_text(kind, minimum, above, maximum):
    parts = [kind]
    if minimum is not None:
        parts.append(f">= {minimum:g}")
    if above is not None:
        parts.append(f"> {above:g}")
    if maximum is not None:
        parts.append(f"<= {maximum:g}")
    return " ".join(parts[:1] + [" and ".join(parts[1:])]).strip()
