"""Take the pictures of the documentation: a demo mine's report and its workbook, in `docs/images`.

    python scripts/make_screenshots.py

`report.png` is the top of the report. `workbook.png`, `workbook-dark.png`, `workbook-evidence.png`,
`workbook-panel.png` and `workbook-sign-off.png` are the forms in JupyterLab: a card, the same in the dark theme,
the choice of evidence, a disagreement as the chair sees it, and signing off. A copy of the demo mine is worked on in a
temporary folder. `overview.png` is the page on a made-up register. Chromium must be installed (see
`scripts/programs.sh`). The pictures are reduced to a palette.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))

from labs import lay_out, running, workspace_of  # noqa: E402 - of the tests
from programmes import draft, shipped  # noqa: E402 - likewise
from seats import Seat  # noqa: E402 - likewise

from greenmine.archive.layout import Archive  # noqa: E402 - with the above
from greenmine.assessment import load_assessment  # noqa: E402 - likewise
from greenmine.programme.recording import record  # noqa: E402 - likewise
from greenmine.programme.roster import COLUMNS  # noqa: E402 - likewise

IMAGES = ROOT / "docs" / "images"
MINE = "GM-0004"
CARD = 6
"""An indicator on which the second member of the panel recorded defects."""
DISPUTED = 40
"""A mandatory indicator, judged met, on which another member is made to dissent."""
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


def registered(folder: Path) -> Path:
    """Enter made-up mines in a register, and what a year of checks gave; return the page on it."""
    programme, archive = shipped("national-2024"), Archive.open(folder / "reports", create=True)
    rows, steps = [], []
    for number in range(120):
        mine, share = f"GM-{number:04}", number * 37 % 100
        large = number % 3 == 0
        city, mineral = "甲乙丙丁戊"[number * 7 % 5] + "市", ("煤", "铁", "铜", "砂石")[number * 11 % 4]
        rows.append((mine, f"演示矿山{number}", city, mineral, "大型" if large else "中型", "是"))
        if share >= (86 if large else 68):
            continue
        steps.append(draft(programme, f"mine/{mine}", "carry_provincial", "2026-01-05"))
        if share % 10 == 0:
            steps.append(draft(programme, f"mine/{mine}", "drawn", "2026-07-02", document="抽查名单〔2026〕1号"))
            result = ("check_pass", "check_pass", "rectify")[share // 10 % 3]
            steps.append(draft(programme, f"mine/{mine}", result, "2026-08-20"))
        elif share % 31 == 0:
            steps.append(draft(programme, f"mine/{mine}", "remove", "2026-09-01", trigger=str(share // 31)))
    record(archive, programme, steps, by="登记员", time=dt.datetime(2026, 11, 20, tzinfo=dt.UTC))
    roster = folder / "名册.csv"
    roster.write_text("\n".join(map(",".join, [tuple(COLUMNS)[:6], *rows])), "utf-8")
    command = [sys.executable, "-m", "greenmine.cli", "index", "--roster", str(roster), "--on", "2026-11-21"]
    subprocess.run([*command, "--archive", str(archive.root)], check=True)  # noqa: S603 - our own program
    return archive.overview


def picture(report: Path) -> bytes:
    """Return a PNG of the top of a page, as a reader sees it on a screen."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser(), args=list(SWITCHES))
        page = chromium.new_page(
            viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=1.5, color_scheme="light"
        )
        page.goto(report.as_uri())
        taken = page.screenshot()
        chromium.close()
    return small(taken)


def small(taken: bytes) -> bytes:
    """Return a picture with a palette of 128 colours."""
    reduced = BytesIO()
    Image.open(BytesIO(taken)).convert("RGB").quantize(128).save(reduced, "PNG", optimize=True)
    return reduced.getvalue()


def workbook(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the PNG of each picture of the forms."""
    root = workspace_of(folder)
    mine = shutil.copytree(ROOT / "evidence" / MINE, root / "evidence" / MINE)
    path = lay_out(root, Path(MINE))
    chair, second = (member.name for member in load_assessment(Path(mine)).panel.members[:2])
    with running(root) as lab, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser(), args=list(SWITCHES))
        seat = Seat(chromium, lab, path, viewport={"width": 1360, "height": 900}, device_scale_factor=1.25)
        page = seat.page
        seat.run()
        seat.sit(second)
        order(page, "application:toggle-left-area")
        card = seat.card(f"indicator/{CARD}")
        card.evaluate("element => element.scrollIntoView()")
        page.evaluate("document.querySelectorAll('.Toastify').forEach((one) => one.remove())")
        yield "workbook.png", small(page.screenshot())
        order(page, "apputils:change-theme", '{ theme: "JupyterLab Dark" }')
        page.wait_for_selector('.gmf-header[data-theme="dark"]')
        yield "workbook-dark.png", small(page.screenshot())
        order(page, "apputils:change-theme", '{ theme: "JupyterLab Light" }')
        page.wait_for_selector('.gmf-header[data-theme="light"]')
        card.locator(".gmf-ref").first.wait_for()
        card.locator(".gmf-evidence .gmf-small").last.click()
        page.locator(".gmf-files button").first.click()
        page.locator(".gmf-dialog .gmf-stage img").wait_for()
        yield "workbook-evidence.png", small(page.screenshot())
        page.keyboard.press("Escape")
        yield from disagreement(seat, chair, second)
        chromium.close()


def disagreement(seat: Seat, chair: str, second: str) -> Iterator[tuple[str, bytes]]:
    """Have the two members differ; yield what the chair sees, and what is open."""
    name = f"indicator/{DISPUTED}"
    for person, word, why in (
        (chair, "met", "逐片现场查看，治理效果良好。"),
        (second, "unmet", "东侧边坡尚有裸露面。"),
    ):
        seat.sit(person)
        card = seat.card(name)
        seat.choose(card, seat.words["meets"], seat.words[word])
        seat.say(card, why)
        seat.saved()
    seat.sit(chair)
    card.get_by_role("button", name=seat.words["take_finding"], exact=True).click()
    card.locator(".gmf-writing").wait_for()
    seat.saved()
    card.evaluate("element => element.scrollIntoView()")
    yield "workbook-panel.png", small(seat.page.screenshot())
    seat.header.get_by_role("button", name=seat.words["sign_off"], exact=True).click()
    seat.dialog.locator(".gmf-open-points").wait_for()
    yield "workbook-sign-off.png", small(seat.page.screenshot())


def order(page: Page, command: str, arguments: str = "{}") -> None:
    """Have JupyterLab carry out a command."""
    page.evaluate(f"void window.jupyterapp.commands.execute({command!r}, {arguments})")


def main() -> None:
    """Write the pictures."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        (assessed := Path(name) / "assessed").mkdir()
        pages = (("report.png", assess(assessed)), ("overview.png", registered(Path(name) / "registered")))
        for file, data in (*((file, picture(page)) for file, page in pages), *workbook(Path(name) / "live")):
            (IMAGES / file).write_bytes(data)
            print(f"docs/images/{file}: {len(data) // 1024} KB")


if __name__ == "__main__":
    main()
