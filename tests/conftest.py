"""What all tests share: the hypothesis profile, the language, the repository, an empty workspace, Chromium."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import expect

from greenmine import i18n

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent

# The same examples each run, so that a failure seen once is seen again; no deadline, for the machine may be busy.
settings.register_profile(
    "greenmine", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("greenmine")


@pytest.fixture(scope="session")
def repository() -> Path:
    """The folder of the project."""
    return ROOT


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    """Begin and end every test in the default language."""
    i18n.use("zh")
    yield
    i18n.use("zh")


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What whoever runs the tests has set, a workspace, a language, a width, must not reach them."""
    for name in ("GREENMINE_WORKSPACE", "GREENMINE_LANG", "GREENMINE_ROSTER", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty workspace that is the working directory."""
    root = tmp_path / "workspace"
    for name in ("evidence", "parameters", "notebooks", "reports"):
        (root / name).mkdir(parents=True)
    monkeypatch.chdir(root)
    return root


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Chromium or Chrome; `make test` sees to it that there is one."""
    names = [os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
    found = next((path for name in names if name and (path := shutil.which(name))), None)
    assert found, "no Chromium: run `make test`, which installs it or says how"
    expect.set_options(timeout=120_000)  # ms; the machine may be busy, and a test fails by what it waits for in vain
    return found
