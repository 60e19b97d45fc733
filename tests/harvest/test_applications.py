"""The ten applications, called directly: each computes what it says, and the same with any number of workers."""

import email
import email.policy
import json
import math
import os
import zlib

import numpy as np
import pytest

from faaslab.errors import InputError
from faaslab.harvest import applications
from faaslab.harvest.options import Options

SMALL = {"size": 0.05}
# Inputs with at least two parts, where parts are large.
SMALLEST = {
    "image_processing": {"size": 0.25},
    "video_processing": {"size": 0.25},
    "inference": {"size": 0.5, "pixels": 32},
    "dna_visualisation": {"size": 0.25},
}
SERIAL = {"dynamic_html", "email_generation"}
NAMES = applications.names()
loaded = {}


def load(name):
    if name not in loaded:
        loaded[name] = applications.load(name)
        if name == "video_processing":
            loaded[name].FRAMES = 3
    return loaded[name]


@pytest.fixture(scope="module", autouse=True)
def forget():
    yield
    loaded.clear()  # the network's weights take 100 MB


def test_there_are_ten_and_each_has_a_configuration_that_is_an_option():
    catalogue = applications.catalogue()
    assert sorted(catalogue) == NAMES and len(NAMES) == 10
    for application in catalogue.values():
        Options().index(application.cpu, application.memory)


def test_an_application_that_is_not_there_is_named():
    with pytest.raises(InputError, match="did you mean 'merge_sort'"):
        applications.handler("mergesort")


@pytest.mark.parametrize("name", NAMES)
def test_the_answer_is_the_same_with_one_two_and_three_workers_and_nothing_is_left_behind(name):
    app, event = load(name), SMALLEST.get(name, SMALL)
    assert (app.parts(event["size"]) == 1) == (name in SERIAL)
    before = affinity()
    one = app.handler(event | {"cores": 1}, None)
    assert app.__doc__ and json.dumps(one)
    for cores in (2, 3):
        assert app.handler(event | {"cores": cores}, None) == one
    assert affinity() == before
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
    assert app.handler(event | {"seed": 2}, None) != one  # another input


def affinity():
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None


@pytest.mark.parametrize("event, what", [({"cores": 0}, "cores"), ({"cores": 1.5}, "cores"), ({"size": 0}, "size"),
                                         ({"size": "1"}, "size"), ({"size": math.nan}, "size")])  # fmt: skip
def test_bad_events_are_refused(event, what):
    with pytest.raises(ValueError, match=what):
        load("arithmetic").handler(event, None)


@pytest.mark.parametrize("name", NAMES)
def test_parts_do_not_get_fewer_with_size(name):
    counts = [load(name).parts(size) for size in (0.1, 0.5, 1, 2, 4)]
    assert counts == sorted(counts) and counts[0] >= 1


# --- fork-join --------------------------------------------------------------------------------------------------------


def fork_join():
    return load("arithmetic").fork_join


def test_fork_join_keeps_the_order_and_uses_other_processes():
    answers = fork_join()(lambda part: (part**2, os.getpid()), range(7), 3)
    assert [square for square, _ in answers] == [0, 1, 4, 9, 16, 25, 36]
    pids = [pid for _, pid in answers]
    assert len(set(pids)) == 3 and pids[0] == os.getpid() and pids[0::3] == [os.getpid()] * 3


def test_a_part_that_fails_or_dies_fails_the_call_and_leaves_no_process():
    def failing(part):
        return 1 / (part - 1)

    def dying(part):
        return os._exit(3) if part == 1 else part

    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        fork_join()(failing, range(2), 2)
    with pytest.raises(RuntimeError, match="exit code 3"):
        fork_join()(dying, range(2), 2)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


# --- what each computes -----------------------------------------------------------------------------------------------


def test_dynamic_html_escapes_and_sums():
    app = load("dynamic_html")
    page = app.rendered([("O'Brien", "lamp <small>", 150), ("Li", "chair", 100_000), ("O'Brien", "chair", 50)])
    assert "lamp &lt;small&gt;" in page and "<small>" not in page and "O&#x27;Brien" in page
    assert "3 orders, 1,002.00 EUR" in page
    assert page.index("<li>Li: 1,000.00 EUR") < page.index("<li>O&#x27;Brien: 2.00 EUR")
    assert page.count("<tr ") == 3


def test_email_generation_makes_messages_that_can_be_read():
    app = load("email_generation")
    read = email.message_from_bytes(app.message(3, "Zoë", 7, b"\x00\xffdata").as_bytes(), policy=email.policy.default)
    assert read["To"] == "member3@example.com" and read["Subject"] == "Zoë, you have 7 points"
    assert "Dear Zoë" in read.get_body(("plain",)).get_content()
    (attachment,) = read.iter_attachments()
    assert attachment.get_content() == b"\x00\xffdata"


def test_image_processing_filters_and_writes_a_png():
    app = load("image_processing")
    flat = np.full((40, 60, 3), 100, np.uint8)
    assert (app.processed(flat, 10, 30) == 100).all()  # nothing to sharpen
    photo = app.drawn(1, 0, 60, 40)
    whole = app.processed(photo, 0, 40)
    assert (np.vstack([app.processed(photo, 0, 20), app.processed(photo, 20, 40)]) == whole).all()
    data = app.png(whole)
    begin = data.index(b"IDAT") + 4
    length = int.from_bytes(data[begin - 8 : begin - 4], "big")
    lines = np.frombuffer(zlib.decompress(data[begin : begin + length]), np.uint8).reshape(len(whole), -1)
    assert (lines[:, 0] == 0).all() and (lines[:, 1:] == whole).all()


def test_video_processing_can_be_decoded_and_is_smoother():
    app = load("video_processing")
    frames = app.drawn(1, 0)
    smooth = app.filtered(frames)
    assert (app.decoded(app.encoded(smooth)) == smooth).all()
    plain = np.s_[:, 100:, 100:]  # no watermark
    assert abs(smooth[plain].mean() - frames[plain].mean()) < 0.5
    assert np.diff(smooth[plain].astype(int), axis=0).std() < np.diff(frames[plain].astype(int), axis=0).std()


def test_inference_is_resnet_50():
    app = load("inference")
    assert sum(matrix.size + offsets.size for matrix, offsets in app.WEIGHTS) == 25_557_032 - 53_120 // 2
    scores = app.forward(app.draw(1, 0, 32), app.WEIGHTS)
    assert scores.shape == (1000,) and scores.sum() == pytest.approx(1, abs=1e-5) and scores.min() >= 0


@pytest.mark.parametrize("kernel, stride, pixels", [(1, 1, 5), (1, 2, 6), (3, 1, 5), (3, 2, 6), (7, 2, 9)])
def test_convolution_is_the_sum_over_its_window(kernel, stride, pixels):
    app, rng = load("inference"), np.random.default_rng(1)
    x = rng.standard_normal((pixels, pixels, 2), np.float32)
    weights = rng.standard_normal((kernel, kernel, 2, 3), np.float32)
    offsets = rng.standard_normal(3, np.float32)
    found = app.convolved(x, weights.reshape(-1, 3), offsets, kernel, stride)
    padded = np.pad(x, ((kernel // 2,) * 2, (kernel // 2,) * 2, (0, 0)))
    expected = np.zeros((-(-pixels // stride), -(-pixels // stride), 3))
    for row, column in np.ndindex(expected.shape[:2]):
        window = padded[row * stride : row * stride + kernel, column * stride : column * stride + kernel]
        expected[row, column] = np.tensordot(window, weights, 3) + offsets
    assert found == pytest.approx(expected, abs=1e-4)


def test_knn_finds_the_class_of_the_nearest():
    app, rng = load("knn"), np.random.default_rng(1)
    points, classes = rng.standard_normal((200, 4)), rng.integers(0, 3, 200)
    queries = rng.standard_normal((20, 4))
    for query, found in zip(queries, app.classified(queries, points, classes), strict=True):
        nearest = np.argsort(((points - query) ** 2).sum(axis=1))[: app.NEIGHBOURS]
        assert found == np.bincount(classes[nearest]).argmax()
    assert app.handler({"size": 0.1}, None)["right"] > 0.9


def test_gradient_descent_descends_by_the_gradient():
    app, rng = load("gradient_descent"), np.random.default_rng(1)
    x, y = app.drawn(rng, 50)
    weights, step = rng.standard_normal(app.FEATURES), 1e-5
    for k in range(3):
        moved = np.eye(app.FEATURES)[k] * step
        slope = (app.loss(weights + moved, x, y) - app.loss(weights - moved, x, y)) / (2 * step) * len(x)
        assert app.gradient(weights, (x, y))[k] == pytest.approx(slope, rel=1e-3, abs=1e-3)
    answer = app.handler({"size": 0.05}, None)
    assert answer["loss"] < 0.3 < answer["loss_before"] and answer["right"] > 0.9


def test_arithmetic_is_the_generator_that_it_names():
    app = load("arithmetic")
    state = (app.MULTIPLIER + app.INCREMENT) & app.MASK
    assert app.mixed(1, 1) == (state ^ (state >> 29)) // ((state >> 59) + 1)
    assert app.mixed(1, 10) != app.mixed(2, 10) and app.mixed(1, 1000) < 2**64


def test_merge_sort_sorts():
    app, rng = load("merge_sort"), np.random.default_rng(1)
    for count in (0, 1, 2, 7, 100):
        numbers = rng.integers(0, 50, count).tolist()
        assert app.sorted_run(numbers) == sorted(numbers)
    numbers = rng.integers(0, 1000, 8 * 33)
    assert list(app.merge_sorted(numbers, 8, 2)) == sorted(numbers)


def test_dna_visualisation_draws_the_walk():
    app = load("dna_visualisation")
    svg, low, high = app.path(np.array([0, 1, 2, 3]), 10, 5.0)  # A C G T
    assert svg == b"L10.5 6L11 5L11.5 4L12 5L12.5 6L13 7L13.5 6L14 5" and (low, high) == (4.0, 7.0)
    answer = app.handler({"size": 0.05}, None)
    assert answer["lowest"] <= answer["end"] <= answer["highest"] and answer["bases"] == app.STRETCH
