"""The same answer as bare.py; numpy is imported first and adds the values."""

import os
import time

import numpy


def handler(event, context):
    if event["sleep_s"]:
        time.sleep(event["sleep_s"])
    return {"event": event, "total": float(numpy.sum(event["values"])), "pid": os.getpid()}
