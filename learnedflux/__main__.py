"""``python -m learnedflux``."""

import sys

from learnedflux.cli import main

sys.exit(main())
