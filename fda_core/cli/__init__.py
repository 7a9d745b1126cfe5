"""The app without a browser: words in, tables out. `fda-opt-lab` where it is installed, else `python -m fda_core`.

Exit codes: 0 done, 1 the run failed or its record is damaged, 2 a value that is not allowed, 3 a record that is intact
but not closed, 130 stopped by Ctrl-C (finished rounds are kept).
"""

import argparse
import os
import sys
from pathlib import Path

from fda_core import __version__
from fda_core.cli import comparison, preset_list, records, serve, training
from fda_core.cli.output import write_anything
from fda_core.support.errors import LabError

# Each adds its commands to the parser, in the order in which --help lists them.
COMMANDS = (serve, training, records, preset_list, comparison)


def main(arguments: list[str] | None = None) -> int:
    """Runs one command and returns its exit code; arguments: the process's own if left out."""
    write_anything()
    options = parser().parse_args(arguments)
    try:
        return options.action(options)
    except BrokenPipeError:  # whoever read the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is still to be flushed
        return 0
    except LabError as error:
        print(error, file=sys.stderr)
        return 2


def parser() -> argparse.ArgumentParser:
    """All commands with their options; each says by `action` what carries it out."""
    top = argparse.ArgumentParser(prog=program(), description="FedOpt and FDA-OPT, with and without a browser.")
    top.add_argument("--version", action="version", version=__version__)
    actions = top.add_subparsers(required=True, metavar="ACTION")
    for commands in COMMANDS:
        commands.add(actions)
    return top


def program() -> str:
    """What the user has typed, for the lines that explain usage."""
    return "fda-opt-lab" if Path(sys.argv[0]).stem == "fda-opt-lab" else "python -m fda_core"
