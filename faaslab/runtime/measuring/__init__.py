"""Measuring a running platform: a function calibrated, a workload played, a prediction compared."""
