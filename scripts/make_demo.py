"""Make the demonstration mines: python scripts/make_demo.py [FOLDER].

Every mine described in `scripts/demo/mines/` is written to FOLDER (default: `evidence/`); its folder there is replaced.
The same descriptions always give the same files.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from demo.build import build_mine, mine_ids


def main(arguments: list[str]) -> None:
    """Make the mines in the folder named, or in `evidence/`."""
    target = Path(arguments[0]) if arguments else Path(__file__).parent.parent / "evidence"
    target.mkdir(parents=True, exist_ok=True)
    for mine in mine_ids():
        folder = target / mine
        with tempfile.TemporaryDirectory(dir=target) as aside:
            build_mine(mine, Path(aside) / mine)
            shutil.rmtree(folder, ignore_errors=True)
            shutil.move(Path(aside) / mine, folder)
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        print(f"{folder}: {size / 1024:.0f} KB")


if __name__ == "__main__":
    main(sys.argv[1:])
