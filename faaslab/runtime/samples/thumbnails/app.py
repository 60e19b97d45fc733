"""Thumbnails: the running application of the course, as a function that runs. It makes photos small by block means.

Photos are files in the format PPM (binary, three bytes a pixel), which needs no library. Left out: JPEG, photos that
lie on their side, and blocks that do not fit: the right and lower edges are cut.
"""

import os
import re
from pathlib import Path
from urllib.parse import unquote_plus

import numpy as np

FACTOR = 8


def handler(event, context):
    """One of two kinds of events.

    A note that files have arrived in a folder, in the form of Amazon S3 (a trigger sends it): each becomes a file of
    the same name in the folder that the variable THUMBNAILS names. Or {"seed": n, "width": pixels, "height": pixels}:
    such a photo is drawn, made small, and described.
    """
    if "Records" in event:
        return {"thumbnails": [thumbnail_of(record["s3"]) for record in event["Records"]]}
    photo = draw(event.get("seed", 1), event.get("width", 1200), event.get("height", 900))
    small = shrink(photo, event.get("factor", FACTOR))
    return {"width": small.shape[1], "height": small.shape[0], "brightness": round(float(small.mean()), 3)}


def thumbnail_of(stored):
    """Write the thumbnail of one file that has arrived; returns its name. The bucket's name is the folder's path."""
    name = unquote_plus(stored["object"]["key"])
    small = shrink(read_ppm(Path(stored["bucket"]["name"], name).read_bytes()), FACTOR)
    target = Path(os.environ["THUMBNAILS"], name)
    target.write_bytes(write_ppm(small))
    print(f"{name}: {small.shape[1]} x {small.shape[0]} pixels")
    return name


def shrink(photo, factor):
    """Means over blocks of `factor` x `factor` pixels. photo: heights x widths x 3 bytes; so is the answer."""
    height, width = (size - size % factor for size in photo.shape[:2])
    blocks = photo[:height, :width].reshape(height // factor, factor, width // factor, factor, 3)
    return np.rint(blocks.mean(axis=(1, 3))).astype(np.uint8)


def draw(seed, width, height):
    """A photo: hills under an evening sky, others for each seed. height x width x 3 bytes."""
    place = seed * 0.618 % 1.0
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    photo = np.stack([0.98 - 0.35 * y, 0.75 - 0.25 * y, 0.55 + 0.2 * y], axis=-1)
    photo[(x - 0.2 - 0.6 * place) ** 2 + 0.56 * (y - 0.3) ** 2 < 0.008] = (1.0, 0.95, 0.75)
    for k, (top, shade) in enumerate(((0.55, 0.62), (0.68, 0.42), (0.82, 0.25))):
        hill = top + 0.06 * np.sin(7 * x + 9 * place + 2 * k) + 0.03 * np.sin(23 * x + 5 * place + k)
        photo[y > hill] = (0.55 * shade, 0.8 * shade, shade)
    return np.rint(255 * photo).astype(np.uint8)


def read_ppm(data):
    """The pixels of a binary PPM file: height x width x 3 bytes. ValueError where it is none."""
    head = re.match(rb"P6\s+(\d+)\s+(\d+)\s+255\s", data)
    if head is None:
        raise ValueError("expected a photo in the format PPM (P6, 255)")
    return np.frombuffer(data[head.end() :], np.uint8).reshape(int(head[2]), int(head[1]), 3)


def write_ppm(photo):
    """A binary PPM file of height x width x 3 bytes."""
    height, width = photo.shape[:2]
    return b"P6\n%d %d\n255\n" % (width, height) + photo.tobytes()
