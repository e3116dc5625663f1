"""Print the core dependencies of pyproject.toml as pins of their lower bounds."""

import sys
import tomllib
from pathlib import Path

project = tomllib.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["project"]
for requirement in project["dependencies"]:
    if ">=" not in requirement:
        raise SystemExit(f"no lower bound: {requirement}")
    print(requirement.replace(">=", "=="))
