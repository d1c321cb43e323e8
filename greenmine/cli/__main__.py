"""`python -m greenmine.cli`, the same as `greenmine`."""

from __future__ import annotations

import sys

from greenmine.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
