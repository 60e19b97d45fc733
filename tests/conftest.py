"""Settings for every test: property tests draw the same examples on every run and know no deadline.

HYPOTHESIS_PROFILE=explore draws new examples each time.
"""

import os

from hypothesis import settings

settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))
