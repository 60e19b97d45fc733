"""A small queue on which the handler of the lab "Events" is tried, with the handler given and the one asked for.

Chapter "Events". `deliver` delivers batches again as a real queue does: after a failure, after a lost deletion, and for
messages that the handler has named. What it takes for a malformed answer follows AWS: the whole batch has failed
(https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html). Left out: time.
"""

from functools import partial

import numpy as np


class DamagedPhoto(Exception):
    """What `shrink` raises for a photo that cannot be read."""


def new_store() -> dict:
    """The tables outside of the function, empty."""
    return {"thumbnails": {}, "uploads": {}, "done": set()}


def record(number, photo) -> dict:
    """A message as a handler receives it."""
    return {"messageId": f"m{number}", "body": photo}


def shrink(photo):
    """The thumbnail of a photo; DamagedPhoto where "damaged" is in its name."""
    if "damaged" in photo:
        raise DamagedPhoto(photo)
    return f"small {photo}"


def named(answer, records) -> list:
    """The ids of the messages that a handler's answer calls failed: as on AWS all of them if it is malformed."""
    everything = [r["messageId"] for r in records]
    if not answer:
        return []
    if not isinstance(answer, dict):
        return everything
    failures = answer.get("batchItemFailures")
    if not failures:
        return []
    ids = [f.get("itemIdentifier") if isinstance(f, dict) else None for f in failures]
    return ids if all(i in everything for i in ids) else everything


def deliver(handler, records, seed=None, *, receives=4, batch_size=5):
    """Deliver all records until each is done or has been received `receives` times.

    seed: of the bad luck: one attempt in ten fails (OSError from shrink), one deletion in five is lost; None for none.
    Returns (store, ids of the dead letters, ascending).
    """

    def unlucky(share, message_id, received, kind):
        return seed is not None and np.random.default_rng([seed, int(message_id[1:]), received, kind]).random() < share

    store, dead = new_store(), []
    waiting = [(r, 0) for r in records]
    while waiting:
        batch, waiting = waiting[:batch_size], waiting[batch_size:]
        event = {"Records": [dict(r) for r, _ in batch]}
        storm = {r["body"] for r, received in batch if unlucky(0.1, r["messageId"], received, 1)}
        try:
            failed = named(handler(event, store, partial(weathered, storm)), event["Records"])
        except (OSError, DamagedPhoto):
            failed = [r["messageId"] for r, _ in batch]
        for r, received in batch:
            again = r["messageId"] in failed
            if received + 1 < receives and (again or unlucky(0.2, r["messageId"], received, 2)):
                waiting.append((r, received + 1))
            elif again:
                dead.append(r["messageId"])
    return store, sorted(dead)


def weathered(storm, photo):
    """The thumbnail of a photo, unless it is among those that bad luck has hit: then OSError."""
    if photo in storm:
        raise OSError
    return shrink(photo)


def naive(event, store, shrink):
    """The handler as the lab gives it: one failure fails the batch, and a second delivery counts again."""
    for record in event["Records"]:
        photo = record["body"]
        user = photo.split("/")[0]
        store["thumbnails"][photo] = shrink(photo)
        store["uploads"][user] = store["uploads"].get(user, 0) + 1


def careful(event, store, shrink):
    """A handler that passes: the solution of the task, from which the expected results come."""
    failed = []
    for message in event["Records"]:
        number, photo = message["messageId"], message["body"]
        if number in store["done"]:
            continue
        try:
            store["thumbnails"][photo] = shrink(photo)
        except Exception:
            failed.append({"itemIdentifier": number})
            continue
        user = photo.split("/")[0]
        store["uploads"][user] = store["uploads"].get(user, 0) + 1
        store["done"].add(number)
    return {"batchItemFailures": failed}
