"""`python -m servicedesk.project.embedded remove VAR`: what `make clean-demo` calls."""

import sys
from collections.abc import Sequence
from pathlib import Path

from servicedesk.project.embedded import EmbeddedError, remove


def main(arguments: Sequence[str]) -> int:
    """Remove the cluster that belongs to a var folder; 0, 1 with a sentence, 2 on wrong use."""
    if len(arguments) != 2 or arguments[0] != "remove":
        print("usage: python -m servicedesk.project.embedded remove VAR", file=sys.stderr)
        return 2
    try:
        remove(Path(arguments[1]).absolute())
    except EmbeddedError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
