"""Inference: images are classified by ResNet-50, its whole forward pass written with NumPy.

The network has the architecture and the number of weights of the original (the batch normalisation is folded into the
convolutions, as is usual for inference), but its weights are random and fixed: what it computes costs what the original
costs, the class that it names means nothing. Each convolution is a matrix product over patches. PyTorch is not used:
its import alone takes more than 200 MB of a function that has 384. The images of a call are independent, hence
parallel; a larger input has more images.

Source: K. He et al., "Deep residual learning for image recognition", CVPR 2016, with the stride on the 3 x 3
convolution as in common implementations. Left out: trained weights, reading image files.
"""

import numpy as np
from fork_join import cores_of, fork_join, scaled, size_of

IMAGES = 4
PIXELS, CLASSES = 224, 1000
STAGES = ((3, 64, 1), (4, 128, 2), (6, 256, 2), (3, 512, 2))  # blocks, width, stride of the first block
EXPANSION = 4  # a block gives so many times its width
SEED = 1


def parts(size):
    """Independent parts of the work."""
    return scaled(IMAGES, size)


def handler(event, context):
    """event: {"size", "cores", "seed", "pixels"}, each optional. The answer has each image's class and its score."""
    images, pixels = parts(size_of(event)), event.get("pixels", PIXELS)
    seed = event.get("seed", 1)
    with cores_of(event) as workers:
        scores = fork_join(lambda k: forward(draw(seed, k, pixels), WEIGHTS), range(images), workers)
    classes = [int(score.argmax()) for score in scores]
    return {"classes": classes, "scores": [round(float(max(score)), 4) for score in scores]}


def draw(seed, number, pixels):
    """An image, pixels x pixels x 3 numbers of mean 0 and deviation 1."""
    return np.random.default_rng([seed, number]).standard_normal((pixels, pixels, 3), np.float32)


def make_weights(seed=SEED):
    """Weights in the order of use: (matrix of kernel * kernel * inputs x outputs, offsets) of every layer."""
    rng = np.random.default_rng(seed)

    def layer(inputs, outputs, kernel=1, gain=2.0):
        matrix = rng.standard_normal((kernel * kernel * inputs, outputs), np.float32)
        matrix *= np.float32((gain / (kernel * kernel * inputs)) ** 0.5)  # keeps the size of what passes (He)
        return matrix, np.zeros(outputs, np.float32)

    layers, inputs = [layer(3, 64, 7)], 64
    for blocks, width, _ in STAGES:
        for block in range(blocks):
            layers += [layer(inputs, width), layer(width, width, 3), layer(width, EXPANSION * width, gain=0.2)]
            if block == 0:
                layers.append(layer(inputs, EXPANSION * width, gain=1.0))
            inputs = EXPANSION * width
    return [*layers, layer(inputs, CLASSES, gain=1.0)]


def forward(image, weights):
    """Probabilities of the classes. image: height x width x 3."""
    layers = iter(weights)
    x = np.maximum(convolved(image, *next(layers), kernel=7, stride=2), 0)
    x = pooled(x)
    for blocks, _, first_stride in STAGES:
        for block in range(blocks):
            stride = first_stride if block == 0 else 1
            y = np.maximum(convolved(x, *next(layers)), 0)
            y = np.maximum(convolved(y, *next(layers), kernel=3, stride=stride), 0)
            y = convolved(y, *next(layers))
            shortcut = convolved(x, *next(layers), stride=stride) if block == 0 else x
            x = np.maximum(y + shortcut, 0)
    matrix, offsets = next(layers)
    logits = x.mean(axis=(0, 1)) @ matrix + offsets
    odds = np.exp(logits - logits.max())
    return odds / odds.sum()


def convolved(x, matrix, offsets, kernel=1, stride=1):
    """height x width x inputs -> height / stride x width / stride x outputs; zeros around the edges."""
    if kernel == 1:
        patches = x[::stride, ::stride]
    else:
        patches = _windows(x, kernel, stride, 0.0).transpose(0, 1, 3, 4, 2)
    height, width = patches.shape[:2]
    return (patches.reshape(height * width, -1) @ matrix + offsets).reshape(height, width, -1)


def pooled(x):
    """The largest of every 3 x 3, in steps of 2."""
    return _windows(x, 3, 2, -np.inf).max(axis=(3, 4))


def _windows(x, kernel, stride, edge):
    reach = kernel // 2
    padded = np.pad(x, ((reach, reach), (reach, reach), (0, 0)), constant_values=edge)
    return np.lib.stride_tricks.sliding_window_view(padded, (kernel, kernel), (0, 1))[::stride, ::stride]


WEIGHTS = make_weights()  # at the start of a container, as a model would be loaded
