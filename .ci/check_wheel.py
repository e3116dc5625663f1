"""Check what is inside a wheel: the package, its policies, its licence, and nothing else."""

import sys
import zipfile
from pathlib import Path, PurePosixPath


def main(wheel: str) -> None:
    """Exit with a list of what is wrong, or print one line about the wheel."""
    names = zipfile.ZipFile(wheel).namelist()
    roots = {PurePosixPath(name).parts[0] for name in names}
    policies = [PurePosixPath(n) for n in names if n.startswith("learnedflux/pretrained/")]
    problems = []
    if strangers := [r for r in roots if r != "learnedflux" and not r.endswith(".dist-info")]:
        problems.append(f"unexpected top-level entries: {strangers}")
    if not any(path.suffix == ".onnx" for path in policies):
        problems.append("no pretrained/*.onnx inside")
    for path in policies:
        if path.suffix == ".onnx" and path.with_suffix(".md") not in policies:
            problems.append(f"policy without a card: {path}")
    for needed in ("learnedflux/py.typed", "licenses/LICENSE", "entry_points.txt"):
        if not any(name.endswith(needed) for name in names):
            problems.append(f"missing: {needed}")
    if problems:
        raise SystemExit("\n".join(problems))
    print(f"{Path(wheel).name}: {len(names)} files, {Path(wheel).stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main(sys.argv[1])
