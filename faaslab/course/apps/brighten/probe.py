"""A handler around the one of app.py, which also tells what the container has loaded and computed so far."""

import sys

import app
import tables


def handler(event, context):
    answer = app.handler(event, context)
    return {"answer": answer, "built": tables.built, "numpy": "numpy" in sys.modules}
