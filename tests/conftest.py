"""Settings for every test: property tests draw the same examples on every run and know no deadline.

HYPOTHESIS_PROFILE=explore draws new examples each time.

A shell that runs tests in the background has them ignore interrupts, and every process that they start inherits that;
tests of Ctrl-C need the usual handling, wherever they run.
"""

import os
import signal

from hypothesis import settings

settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
