"""`python -m conformance`: see `conformance.cli`."""

import sys
from pathlib import Path

# Python puts the current folder first, where a student's reference.py would hide ours.
if sys.path and Path(sys.path[0]).resolve() != Path(__file__).resolve().parent.parent:
    sys.path.append(sys.path.pop(0))

from conformance.cli import main

if __name__ == "__main__":
    sys.exit(main())
