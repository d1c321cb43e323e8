"""Take the pictures of the documentation: `docs/images/report.png`, the top of a demo mine's report.

    python scripts/make_screenshots.py

The demo mine is assessed into a temporary folder and its report is opened in Chromium, which must be installed (see
`scripts/programs.sh`). The picture is reduced to a palette, so that it stays small.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
MINE = "GM-0004"
WIDTH, HEIGHT = 1100, 1300
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def browser() -> str:
    """Return the path of Chromium or Chrome.

    Raises:
        SystemExit: there is none.
    """
    found = os.environ.get("CHROMIUM") or next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if not found:
        sys.exit("no Chromium found: sh scripts/programs.sh installs it or says how")
    return found


def assess(folder: Path) -> Path:
    """Assess the demo mine into a copy of the workspace; return its report."""
    for name in ("notebooks", "parameters"):
        (folder / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "evidence" / MINE, folder / "evidence" / MINE)
    command = [sys.executable, "-m", "greenmine.cli", "assess", f"evidence/{MINE}"]
    environment = {**os.environ, "GREENMINE_WORKSPACE": str(folder)}
    subprocess.run(command, cwd=folder, check=True, env=environment)  # noqa: S603 - our own program
    (report,) = (folder / "reports").rglob("report.html")
    return report


def picture(report: Path) -> bytes:
    """Return a PNG of the top of a report, as a reader sees it on a screen."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser(), args=list(SWITCHES))
        page = chromium.new_page(
            viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=1.5, color_scheme="light"
        )
        page.goto(report.as_uri())
        taken = page.screenshot()
        chromium.close()
    reduced = BytesIO()
    Image.open(BytesIO(taken)).convert("RGB").quantize(128).save(reduced, "PNG", optimize=True)
    return reduced.getvalue()


def main() -> None:
    """Write the picture."""
    with tempfile.TemporaryDirectory() as name:
        data = picture(assess(Path(name)))
    IMAGES.mkdir(parents=True, exist_ok=True)
    (IMAGES / "report.png").write_bytes(data)
    print(f"docs/images/report.png: {len(data) // 1024} KB")


if __name__ == "__main__":
    main()
