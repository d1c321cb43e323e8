"""The wheel, as users get it: built from the tracked files, installed alone, used in an empty directory."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PASSES = "GM-0001"


def run(*arguments: object, cwd: Path, fails: bool = False) -> subprocess.CompletedProcess[str]:
    """Run a program with nothing of this project in its environment."""
    kept = {
        key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "COV_", "COVERAGE", "PYTEST"))
    }
    done = subprocess.run(
        [str(argument) for argument in arguments], cwd=cwd, env=kept, capture_output=True, text=True, check=False
    )
    assert fails == bool(done.returncode), done.stdout + done.stderr
    return done


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the files that git knows."""
    source = tmp_path_factory.mktemp("source")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    for name in listed.split("\0"):
        if name and (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, source / name)
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", out, cwd=source)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of a fresh environment with the wheel in it; dependencies are borrowed, nothing is downloaded."""
    home = tmp_path_factory.mktemp("fresh") / "venv"
    venv.create(home, with_pip=False, symlinks=True)
    python = home / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index", wheel]
    run(*pip, cwd=home)
    purelib = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=home).stdout.strip())
    # a plain path line: the borrowed folder's own .pth files, such as this project's editable install, are not read
    (purelib / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")
    templates = Path(sys.prefix, "share", "jupyter", "nbconvert", "templates")
    for stock in templates.iterdir():
        target = home / "share" / "jupyter" / "nbconvert" / "templates" / stock.name
        if "greenmine" not in stock.name and not target.exists():
            target.symlink_to(stock)
    return home / "bin"


def test_wheel_carries_the_workspace_and_the_translations(wheel: Path) -> None:
    """Notebooks, parameters, demo evidence, compiled messages and the nbconvert template are inside; tests are not."""
    names = zipfile.ZipFile(wheel).namelist()
    for wanted in (
        "greenmine/_share/notebooks/assessment.ipynb",
        "greenmine/_share/parameters/catalogs/national-2024.yaml",
        "greenmine/_share/parameters/catalogs/examples/hypothetical-2027.yaml",
        f"greenmine/_share/evidence/{PASSES}/mine.yaml",
        "greenmine/locale/zh/LC_MESSAGES/greenmine.mo",
        "greenmine/cli/workspace.md",
    ):
        assert wanted in names
    assert any("/share/jupyter/nbconvert/templates/" in name for name in names)
    assert [] == [name for name in names if name.startswith(("tests/", "scripts/", "benchmarks/", "hatch_build"))]


def test_wheel_contains_no_path_twice(wheel: Path) -> None:
    """No file is packed a second time."""
    names = zipfile.ZipFile(wheel).namelist()
    assert sorted(set(names)) == sorted(names)


def test_wheel_is_small(wheel: Path) -> None:
    """The wheel with all demo mines stays under 6 MB."""
    assert wheel.stat().st_size < 6 << 20


def test_installed_package_is_the_wheels(installed: Path, tmp_path: Path) -> None:
    """The fresh environment runs the installed package, not this checkout."""
    where = run(installed / "python", "-c", "import greenmine; print(greenmine.__file__)", cwd=tmp_path).stdout
    assert str(installed.parent) in where


def test_init_score_and_assess_in_an_empty_directory(installed: Path, tmp_path: Path) -> None:
    """From the wheel alone: lay out a workspace, score a demo mine, write its report; both give the same score."""
    greenmine = installed / "greenmine"
    run(greenmine, "init", "work", cwd=tmp_path)
    work = tmp_path / "work"
    scored = json.loads(run(greenmine, "score", f"evidence/{PASSES}", "--json", cwd=work).stdout)
    assert scored["verdict"] == "pass"
    run(greenmine, "assess", f"evidence/{PASSES}", cwd=work)
    (report,) = (work / "reports" / PASSES).glob("*/report.html")
    assert scored == json.loads(report.with_name("score.json").read_text("utf-8"))
