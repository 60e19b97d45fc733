"""DNA visualisation: a sequence of bases becomes a curve, which rises and falls by the bases that it passes.

The squiggle method: each base is two steps to the right, A up and down, C down and up, T down twice, G up twice. What a
stretch adds to the height is known only from all before it: in a first round stretches are summed in parallel, in a
second each is drawn from its own beginning, in parallel too (a prefix sum). The picture, SVG, is compressed by one
process. A larger input is a longer sequence.

Source: B. D. Lee, "Squiggle: a user-friendly two-dimensional DNA sequence visualization tool", Bioinformatics 35(8),
2019. Left out: files in FASTA (the sequence is drawn at random), interactive plots.
"""

import hashlib
import zlib

import numpy as np
from fork_join import cores_of, fork_join, scaled, size_of

STRETCHES, STRETCH = 8, 100_000
BASES = b"ACGT"
HEAD, TAIL = b'<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0', b'"/></svg>\n'
STEPS = np.array([[1.0, -1.0], [-1.0, 1.0], [1.0, 1.0], [-1.0, -1.0]])  # of A, C, G, T


def parts(size):
    """Independent parts of the work."""
    return scaled(STRETCHES, size)


def handler(event, context):
    """event: {"size", "cores", "seed"}, each optional. The answer has the curve's extent, and bytes and hash of it."""
    stretches = parts(size_of(event))
    bases = np.random.default_rng(event.get("seed", 1)).integers(0, len(BASES), stretches * STRETCH, np.uint8)
    pieces = bases.reshape(stretches, STRETCH)
    with cores_of(event) as workers:
        rises = fork_join(lambda k: float(STEPS[pieces[k]].sum()), range(stretches), workers)
        begins = np.concatenate([[0.0], np.cumsum(rises)])
        drawn = fork_join(lambda k: path(pieces[k], k * STRETCH, begins[k]), range(stretches), workers)
        svg = HEAD + b"".join(text for text, _, _ in drawn) + TAIL
        data = zlib.compress(svg, 1)
    return {
        "bases": len(bases),
        "end": float(begins[-1]),
        "lowest": min(low for _, low, _ in drawn),
        "highest": max(high for _, _, high in drawn),
        "svg_bytes": len(svg),
        "bytes": len(data),
        "sha256": hashlib.sha256(svg).hexdigest(),
    }


def path(bases, begin_x, begin_y):
    """One stretch of the curve as part of an SVG path, and its lowest and highest point."""
    y = begin_y + np.cumsum(STEPS[bases])
    x = begin_x + 0.5 * np.arange(1, y.size + 1)
    text = "".join(f"L{a:g} {b:g}" for a, b in zip(x.tolist(), y.tolist(), strict=True))
    return text.encode(), float(y.min()), float(y.max())
