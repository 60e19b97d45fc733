"""The platform's own process: HTTP on one side, workers on the other, and what lasts between."""
