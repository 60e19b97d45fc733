"""Atomic writing: a file is either the old one or the new one, whole, whenever the program or the machine stops.

The new content goes into a file beside the old one and then takes its name, which POSIX and Windows do in one step.
"""

import os
from pathlib import Path


def write_atomically(file, content: bytes) -> None:
    """Write `content` as `file`; OSError where the folder cannot be written."""
    file = Path(file)
    fresh = file.with_name(f".{file.name}.{os.getpid()}.fresh")
    try:
        with open(fresh, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        os.replace(fresh, file)
    finally:
        fresh.unlink(missing_ok=True)
