"""The error of a sender for whose message there is no room."""

from faaslab.errors import InputError


class StoreFull(InputError):
    """There is no room for what was to be stored: none of it is. What was stored before is safe."""
