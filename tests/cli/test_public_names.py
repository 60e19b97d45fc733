"""What `import faaslab` offers, and what it does not load."""

import subprocess
import sys

import pytest

import faaslab


@pytest.mark.parametrize("name", faaslab.__all__)
def test_every_public_name_is_there_and_documented(name):
    value = getattr(faaslab, name)
    assert name == "__version__" or value.__doc__


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="simulat"):
        _ = faaslab.simulat


@pytest.mark.parametrize(
    "module", ["faaslab", "faaslab.model.result", "faaslab.workload", "faaslab.pricing", "faaslab.viz"]
)
def test_only_the_platform_loads_the_engine(module):
    code = f"import sys, {module}; print(sorted({{'simpy', 'torch', 'pandas', 'scipy'}} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "[]"
