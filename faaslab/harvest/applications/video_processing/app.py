"""Video processing: frames are filtered, marked and compressed, in groups that do not depend on one another.

The frames are drawn: a disc moves over a background with noise. Each is smoothed over time and space within its group,
gets a watermark, and is stored as the difference from the frame before it, as video codecs do; the first of a group is
stored whole. Groups are independent, hence parallel. A larger input has more groups. Left out: motion vectors,
transforms, loss: the compression is zlib's.
"""

import hashlib
import zlib

import numpy as np
from fork_join import cores_of, fork_join, scaled, size_of

WIDTH, HEIGHT = 640, 360  # pixels
GROUPS, FRAMES = 6, 24  # of groups at size 1, of frames in a group


def parts(size):
    """Independent parts of the work."""
    return scaled(GROUPS, size)


def handler(event, context):
    """event: {"size", "cores", "seed"}, each optional. The answer has the number of frames, bytes and a hash."""
    seed, groups = event.get("seed", 1), parts(size_of(event))
    with cores_of(event) as workers:
        stored = fork_join(lambda group: encoded(filtered(drawn(seed, group))), range(groups), workers)
        video = b"".join(stored)
    return {
        "frames": groups * FRAMES,
        "raw_bytes": groups * FRAMES * WIDTH * HEIGHT,
        "bytes": len(video),
        "sha256": hashlib.sha256(video).hexdigest(),
    }


def drawn(seed, group):
    """The frames of one group: frames x height x width bytes."""
    rng = np.random.default_rng([seed, group])
    x, y = np.arange(WIDTH), np.arange(HEIGHT)[:, None]
    frames = np.empty((FRAMES, HEIGHT, WIDTH), np.uint8)
    for k in range(FRAMES):
        time = group * FRAMES + k
        background = 60 + (x + y + time) // 16 % 2 * 40
        disc = (x - (5 * time) % WIDTH) ** 2 + (y - HEIGHT // 2) ** 2 < 50**2
        frames[k] = np.where(disc, 220, background) + rng.integers(0, 8, (HEIGHT, WIDTH), np.uint8)
    return frames


def filtered(frames):
    """The mean over three frames and 3 x 3 pixels, coarser by 4 levels, and a white watermark."""
    total = np.pad(frames, 1, "edge").astype(np.uint16)
    for axis in range(3):
        rows = np.moveaxis(total, axis, 0)
        total = np.moveaxis(rows[:-2] + rows[1:-1] + rows[2:], 0, axis)
    result = ((total + 54) // 108 * 4).astype(np.uint8)  # of 27 values; rounded to 4 levels
    result[:, 8:24, 8:72:2] = 252
    return result


def encoded(frames):
    """The first frame, then each one's difference from the one before it (modulo 256), compressed."""
    differences = np.concatenate([frames[:1], np.diff(frames, axis=0)])
    return zlib.compress(differences, 6)


def decoded(data):
    """The frames of a group that `encoded` has made."""
    differences = np.frombuffer(zlib.decompress(data), np.uint8).reshape(-1, HEIGHT, WIDTH)
    return np.add.accumulate(differences, axis=0, dtype=np.uint8)
