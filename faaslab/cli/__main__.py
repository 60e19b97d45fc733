"""`python -m faaslab.cli` is `faaslab`."""

import sys

from faaslab.cli.main import main

sys.exit(main())
