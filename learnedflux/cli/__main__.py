"""``python -m learnedflux.cli``."""

import sys

from learnedflux.cli import main

sys.exit(main())
