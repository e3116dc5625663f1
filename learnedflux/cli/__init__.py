"""The command ``learnedflux``: the library's words, typed in a shell.

Exit codes: 0 done; 1 a run failed or a file could not be written; 2 what was asked for makes no
sense, and nothing was computed.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from learnedflux.cli import compare, evaluate, info, listings, run, train
from learnedflux.dataset import library_version
from learnedflux.errors import InputError, LearnedFluxError

__all__ = ["main", "parser"]

FAILED, WRONG_INPUT, INTERRUPTED = 1, 2, 130


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(
        prog="learnedflux",
        description="Solve hyperbolic conservation laws with classical and learned flux schemes.",
    )
    top.add_argument("--version", action="version", version=f"learnedflux {library_version()}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for part in (run, compare, evaluate, train, listings, info):
        part.add_to(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        What was typed after ``learnedflux``. Default: ``sys.argv``.

    Returns
    -------
    int
        0, or what went wrong as the module's text says; the reason is on standard error.
    """
    given = parser().parse_args(arguments)
    try:
        given.function(given)
        sys.stdout.flush()
    except InputError as error:
        return _fail(error, WRONG_INPUT)
    except BrokenPipeError:
        # The reader (head, less) has seen enough. Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except (LearnedFluxError, OSError) as error:
        return _fail(error, FAILED)
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def _fail(error: Exception, code: int) -> int:
    sys.stderr.write(f"learnedflux: error: {error}\n")
    return code
