"""Markers of this folder."""


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes a minute rather than seconds; part of every full run")
