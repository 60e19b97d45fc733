"""Events and answers as JSON, with the rules of AWS's Python runtime.

That runtime encodes with simplejson: beside the types of the standard library, decimals become numbers, named tuples
become objects and bytes inside a value become text; an answer that is bytes is passed on as it is. The standard
library's encoder, in C, does the common case; a value with anything else in it is written out here. Events must be
UTF-8, and NaN and Infinity are no JSON. Source: AWS Lambda developer guide, "Define Lambda function handler in Python";
simplejson's documentation.
"""

import json
import os

from .faults import MARSHAL_ERROR, UNMARSHAL_ERROR, Fault

ESCAPING = ("AWS_Lambda_python3.9", "AWS_Lambda_python3.10", "AWS_Lambda_python3.11")  # later ones write UTF-8
JSON, UNKNOWN = "application/json", "application/unknown"
PLAIN = frozenset((str, int, float, bool, type(None)))
DEEPEST = 50  # nested deeper than this, or in a circle, is left to the slow writer


def _no_constant(name):
    raise ValueError(f"Expecting value, got {name}")


class Marshaller:
    """Between the bytes on the wire and the values that a handler sees."""

    def __init__(self):
        self._text = json.JSONEncoder(ensure_ascii=os.environ.get("AWS_EXECUTION_ENV") in ESCAPING).encode
        self._decode = json.JSONDecoder(parse_constant=_no_constant).decode

    def event(self, body: bytes, content_type=JSON):
        """The event in a request; the bytes themselves where they are not JSON by their content type."""
        if content_type != JSON:
            return body
        try:
            return self._decode(str(body, "utf-8-sig"))
        except Exception as error:
            raise Fault(UNMARSHAL_ERROR, f"Unable to unmarshal input: {error}") from None

    def answer(self, value) -> tuple[bytes, str]:
        """The bytes of an answer and their content type."""
        if isinstance(value, bytes):
            return value, UNKNOWN
        try:
            return self.text(value).encode(), JSON
        except Exception as error:
            raise Fault(MARSHAL_ERROR, f"Unable to marshal response: {error}") from None

    def text(self, value) -> str:
        if _is_plain(value, DEEPEST):
            return self._text(value)
        return "".join(self._written(value, []))

    def _written(self, value, above):
        """Pieces of JSON. `above`: the containers that this value stands in, by identity, to find circles."""
        if isinstance(value, bytes):
            value = str(value, "utf-8")
        if value is None or isinstance(value, (str, bool, int, float)):
            yield self._text(value)
            return
        if id(value) in above:
            raise ValueError("Circular reference detected")
        as_dict = getattr(value, "_asdict", None)
        entries = as_dict() if callable(as_dict) else value
        if isinstance(entries, dict):
            yield from self._object(entries, [*above, id(value)])
        elif isinstance(value, (list, tuple)):
            yield from self._array(value, [*above, id(value)])
        else:
            yield _number(value)

    def _array(self, values, above):
        lead = "["
        for value in values:
            yield lead
            yield from self._written(value, above)
            lead = ", "
        yield "]" if values else "[]"

    def _object(self, entries, above):
        lead = "{"
        for key, value in entries.items():
            if isinstance(key, bytes):
                key = str(key, "utf-8")
            elif key is None or isinstance(key, (bool, int, float)):
                key = self._text(key)
            elif not isinstance(key, str):
                raise TypeError(f"keys must be str, int, float, bool or None, not {type(key).__name__}")
            yield f"{lead}{self._text(key)}: "
            yield from self._written(value, above)
            lead = ", "
        yield "}" if entries else "{}"


def _is_plain(value, depth):
    """Whether the standard encoder writes it as it should be; each container is judged in one pass in C."""
    kind = type(value)
    if kind in PLAIN:
        return True
    if kind is dict:
        if not PLAIN.issuperset(map(type, value)):
            return False
        value = value.values()
    elif kind is not list and kind is not tuple:
        return False
    if PLAIN.issuperset(map(type, value)):
        return True
    return depth > 0 and all(_is_plain(inner, depth - 1) for inner in value)


def _number(value):
    import decimal

    if not isinstance(value, decimal.Decimal):
        raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
    return "NaN" if value.is_nan() else str(value)
