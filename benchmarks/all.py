"""Writes docs/performance.md anew: `python -m benchmarks.all [NAME …]`, without names everything, about an hour.

The document says itself what it is made of: what stands between `<!-- python -m benchmarks.NAME … -->` and
`<!-- end -->` is what that command prints, with machine, date and commit. Nothing else should run meanwhile. A block
whose command fails stays as it was, and the exit code is 1.
"""

import argparse
import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "performance.md"
BLOCK = re.compile(r"<!-- python -m (benchmarks\.(\w+)[^\n]*) -->\n(.*?)<!-- end -->", re.DOTALL)


def printed(words: str) -> str | None:
    """What the command prints, None where it fails; its error output is shown at once."""
    done = subprocess.run([sys.executable, "-m", *shlex.split(words)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip() if done.returncode == 0 else None


def written(document: str, names: set[str], run=printed) -> tuple[str, list[str]]:
    """The document with the blocks of these benchmarks made anew, all of them for no names; and what failed."""
    failed: list[str] = []

    def block(found: re.Match) -> str:
        words, name, _ = found.groups()
        if names and name not in names:
            return found[0]
        print(f"python -m {words}", flush=True)
        text = run(words)
        if text is None:
            failed.append(words)
            return found[0]
        facts, _, tables = text.partition("\n\n")
        return f"<!-- python -m {words} -->\n{facts_line(facts)}\n\n{tables.strip()}\n<!-- end -->"

    return BLOCK.sub(block, document), failed


def facts_line(facts: str) -> str:
    """The lines above a table, as one."""
    values = dict(line.split(": ", 1) for line in facts.splitlines())
    command = values.pop("command")
    return f"`{command}`: " + ", ".join(
        value if name in ("machine", "date") else f"{name} {value}" for name, value in values.items()
    )


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="benchmarks, as the document names them")
    names = set(parser.parse_args(words).names)
    if unknown := names - {name for _, name, _ in BLOCK.findall(DOCUMENT.read_text(encoding="utf-8"))}:
        parser.error(f"the document has no block of {', '.join(sorted(unknown))}")
    text, failed = written(DOCUMENT.read_text(encoding="utf-8"), names)
    DOCUMENT.write_text(text, encoding="utf-8")
    print(*(f"failed: python -m {words}" for words in failed), sep="\n", end="\n" if failed else "")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
