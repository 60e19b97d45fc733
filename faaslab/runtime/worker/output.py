"""Standard output and error as a handler finds them on Lambda: each write reaches the log at once, and returns None.

Source: AWS Lambda developer guide, "Log and monitor Python Lambda functions"; what its Python runtime puts in their
place.
"""

import sys


class Unbuffered:
    """A text stream that is flushed after every write; all else is the stream's own."""

    def __init__(self, stream):
        self.stream = stream

    def __getattr__(self, name):
        return getattr(self.stream, name)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        """Left open: a handler that uses it in a `with` must not silence the next call."""

    def write(self, text):
        self.stream.write(text)
        self.stream.flush()

    def writelines(self, lines):
        self.stream.writelines(lines)
        self.stream.flush()


def install():
    """Put both streams into place."""
    sys.stdout, sys.stderr = Unbuffered(sys.stdout), Unbuffered(sys.stderr)
