"""Image processing: a photo is made sharper, grey and smaller, and stored as PNG.

Bands of rows are drawn in parallel, then filtered in parallel, each with the rows around it that the filter needs; the
file is written by one process. A larger input is a higher photo with more bands. Left out: reading JPEG.
"""

import hashlib
import struct
import zlib

import numpy as np
from fork_join import cores_of, fork_join, scaled, shared, size_of

WIDTH, HEIGHT, BAND = 2400, 2400, 300  # pixels
FACTOR = 2
KERNEL = np.array([1, 4, 6, 4, 1], np.float32) / 16  # binomial, close to a Gaussian
ROUNDS = 6  # of blurring, before the difference sharpens
GREY = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601


def parts(size):
    """Independent parts of the work."""
    return scaled(HEIGHT // BAND, size)


def handler(event, context):
    """event: {"size", "cores", "seed"}, each optional. The answer describes the PNG."""
    bands = parts(size_of(event))
    seed, photo = event.get("seed", 1), shared((bands * BAND, WIDTH, 3), np.uint8)
    small = shared((bands * BAND // FACTOR, WIDTH // FACTOR), np.uint8)

    def draw(number):
        photo[number * BAND : (number + 1) * BAND] = drawn(seed, number, WIDTH, BAND)

    def process(number):
        rows = BAND // FACTOR
        small[number * rows : (number + 1) * rows] = processed(photo, number * BAND, (number + 1) * BAND)

    with cores_of(event) as workers:
        fork_join(draw, range(bands), workers)
        fork_join(process, range(bands), workers)
        data = png(small)
    return {
        "width": small.shape[1],
        "height": small.shape[0],
        "brightness": round(float(small.mean()), 3),
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    }


def drawn(seed, number, width, height):
    """One band of a photo, height x width x 3 bytes: waves, with noise."""
    x = np.arange(width, dtype=np.float32) / 90
    y = np.arange(number * height, (number + 1) * height, dtype=np.float32)[:, None] / 70
    band = np.random.default_rng([seed, number]).integers(0, 40, (height, width, 3), np.uint8)
    for channel in range(3):
        band[..., channel] += (100 + 80 * np.sin(x + channel) * np.cos(y)).astype(np.uint8)
    return band


def processed(photo, begin, end):
    """Rows begin to end of the photo, sharpened, grey, a FACTOR-th as high and wide: bytes."""
    margin = ROUNDS * (len(KERNEL) // 2)
    rows = np.clip(np.arange(begin - margin, end + margin), 0, len(photo) - 1)  # the edge repeats
    grey = photo[rows].astype(np.float32) @ GREY
    blurred = grey
    for _ in range(ROUNDS):
        blurred = blur(blurred)
    sharp = (2 * grey - blurred)[margin:-margin]
    blocks = sharp.reshape(len(sharp) // FACTOR, FACTOR, -1, FACTOR)
    return np.rint(blocks.mean(axis=(1, 3)).clip(0, 255)).astype(np.uint8)


def blur(grey):
    """The binomial filter along both axes; the edges repeat."""
    reach, (height, width) = len(KERNEL) // 2, grey.shape
    tall = np.pad(grey, ((reach, reach), (0, 0)), "edge")
    grey = sum(weight * tall[k : k + height] for k, weight in enumerate(KERNEL))
    wide = np.pad(grey, ((0, 0), (reach, reach)), "edge")
    return sum(weight * wide[:, k : k + width] for k, weight in enumerate(KERNEL))


def png(grey):
    """A PNG file of grey pixels (bytes, height x width). Source: PNG specification, third edition, W3C."""
    height, width = grey.shape
    lines = np.zeros((height, width + 1), np.uint8)  # each line begins with its filter: 0, none
    lines[:, 1:] = grey
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pieces = ((b"IHDR", head), (b"IDAT", zlib.compress(lines, 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_piece(kind, data) for kind, data in pieces)


def _piece(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
