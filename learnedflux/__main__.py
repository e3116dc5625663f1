"""``python -m learnedflux``: the command ``learnedflux``."""

from learnedflux.cli import main

raise SystemExit(main())
