"""How fast a folder of 2,000 files and 5 GB opens: the first time, when all is read, and the second, when nothing is.

Run `make bench`. The files are sparse: they take no room, but have to be read and digested like any other. A few
hundred are real PDFs and photos. Absolute times belong to the machine; the ratio is measured in one run.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from mine_folders import make_mine, make_pdf, make_photo, put

from greenmine.evidence import cached_inventory, take_inventory
from greenmine.evidence.cache import SETTLED_NS

FILES, BYTES, REAL = 2_000, 5 * 10**9, 200
ROUNDS = 7
NEEDED = 5.0


def make_folder(parent: Path) -> Path:
    """Return a mine's folder with as many files and bytes."""
    mine = make_mine(parent)
    pdf, photo = make_pdf("开采设计", "附图"), make_photo()
    for number in range(FILES):
        path = put(mine / f"{number % 49 + 1:02} 材料" / f"{number:04}", b"")
        if number < REAL:
            path = path.rename(path.with_suffix(".pdf" if number % 2 else ".jpg"))
            path.write_bytes(pdf if number % 2 else photo)
        else:
            path.write_bytes(f"{number}\n".encode())
            os.truncate(path, BYTES // (FILES - REAL))
    return mine


def main() -> int:
    """Measure and print; the exit status is 1 where the second time takes too long."""
    with tempfile.TemporaryDirectory(prefix="greenmine-bench-") as made:
        folder = Path(made)
        mine = make_folder(folder)
        time.sleep(SETTLED_NS / 1e9 + 0.5)  # what has changed a moment ago is not remembered
        begin = time.perf_counter()
        first = cached_inventory(mine, folder=folder / "cache")
        once = time.perf_counter() - begin
        times = []
        for _round in range(ROUNDS):
            begin = time.perf_counter()
            again = cached_inventory(mine, folder=folder / "cache")
            times.append(time.perf_counter() - begin)
        twice = statistics.median(times)
        same = first == again == take_inventory(mine)
        size = sum(item.size for item in first.items) / 1e9
        print(f"{len(first.items):,} files, {size:.1f} GB: {once:.2f} s the first time, {twice:.3f} s the second,")
        print(f"ratio {once / twice:.0f}; the same inventory: {same}")
    return 0 if same and twice < NEEDED else 1


if __name__ == "__main__":
    sys.exit(main())
