"""Answers with its event, the sum of its values and the process that served it."""

import os
import time


def handler(event, context):
    if event["sleep_s"]:
        time.sleep(event["sleep_s"])
    return {"event": event, "total": sum(event["values"]), "pid": os.getpid()}
