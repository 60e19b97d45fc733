"""The sample functions do what their docstrings say, called directly, without a platform."""

import importlib.util
import json
import time

import numpy as np
import pytest

from faaslab.errors import InputError
from faaslab.runtime import samples


def load(name):
    spec = importlib.util.spec_from_file_location(f"sample_{name}", samples.path(name) / "app.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", samples.names())
def test_every_sample_has_a_handler_whose_answer_is_json(name):
    app = load(name)
    assert app.__doc__ and json.dumps(app.handler({}, None))


def test_a_sample_that_is_not_there_is_named():
    assert samples.path("hello").is_dir()
    with pytest.raises(InputError, match="did you mean 'thumbnails'"):
        samples.path("thumbnail")


def test_hello_greets():
    app = load("hello")
    assert app.handler({"name": "Ada"}, None) == {"message": "Hello, Ada!"}
    assert app.handler(None, None) == {"message": "Hello, world!"}


def test_the_sleeper_behaves_as_it_is_told():
    app = load("sleeper")
    processor, clock = time.process_time(), time.perf_counter()
    assert app.handler({"wait_s": 0.05}, None)["took_s"] >= 0.05
    assert time.process_time() - processor < 0.04 < time.perf_counter() - clock
    processor = time.process_time()
    assert app.handler({"compute_s": 0.05}, None)["calls"] == 2
    assert time.process_time() - processor >= 0.05
    with pytest.raises(ValueError, match="no luck"):
        app.handler({"fail": "no luck"}, None)
    with pytest.raises(SystemExit):
        app.handler({"exit": 3}, None)


def test_a_thumbnail_has_the_mean_of_every_block():
    app = load("thumbnails")
    photo = app.draw(3, 83, 41)
    small = app.shrink(photo, 8)
    assert small.shape == (5, 10, 3) and small.dtype == np.uint8
    for row in range(5):
        for column in range(10):
            block = photo[8 * row : 8 * row + 8, 8 * column : 8 * column + 8]
            assert np.allclose(small[row, column], block.mean(axis=(0, 1)), atol=0.5001)
    assert app.handler({"seed": 3, "width": 83, "height": 41}, None)["width"] == 10
    assert not np.array_equal(photo, app.draw(4, 83, 41))


def test_files_that_arrive_become_files(tmp_path, monkeypatch, capsys):
    app = load("thumbnails")
    photos, thumbnails = tmp_path / "photos", tmp_path / "thumbnails"
    photos.mkdir(), thumbnails.mkdir()
    monkeypatch.setenv("THUMBNAILS", str(thumbnails))
    photo = app.draw(1, 64, 48)
    (photos / "sea and sky.ppm").write_bytes(app.write_ppm(photo))
    (photos / "broken.ppm").write_bytes(app.write_ppm(photo)[:-1])

    def arrived(key):
        return {"Records": [{"s3": {"bucket": {"name": str(photos)}, "object": {"key": key}}}]}

    assert app.handler(arrived("sea+and+sky.ppm"), None) == {"thumbnails": ["sea and sky.ppm"]}
    assert "8 x 6" in capsys.readouterr().out
    made = app.read_ppm((thumbnails / "sea and sky.ppm").read_bytes())
    assert np.array_equal(made, app.shrink(photo, 8))
    with pytest.raises(ValueError):
        app.handler(arrived("broken.ppm"), None)
    with pytest.raises(ValueError, match="PPM"):
        app.read_ppm(b"GIF89a")
