"""`python -m astroferry`."""

from __future__ import annotations

import sys

from astroferry.cli import main

if __name__ == "__main__":
    sys.exit(main())
