"""Facts about setting up: what is said when Python, Chromium or a font is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def programs(folder: Path, *names: str, **scripts: str) -> dict[str, str]:
    """Return an environment in which only these programs are found: real ones by name, and small scripts."""
    folder.mkdir()
    for name in names:
        found = shutil.which(name)
        assert found, name
        (folder / name).symlink_to(found)
    for name, script in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    return {**{key: value for key, value in os.environ.items() if key != "CHROMIUM"}, "PATH": str(folder)}


THERE = {"ssh-keygen": "true", "openssl": "true"}
FONT = {"fc-list": "echo Noto Sans CJK SC"}


def check(environment: dict[str, str], folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    shell = shutil.which("sh")
    assert shell
    command = [shell, str(ROOT / "scripts" / "programs.sh")]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    """Where nothing can be installed, it says what is missing and how to get it, and fails."""
    done = check(programs(tmp_path / "bin", "id"))
    assert done.returncode == 1
    for word in ("chromium", "fonts-noto-cjk", "openssh-client", "openssl", "apt-get install", "CHROMIUM="):
        assert word in done.stderr


def test_missing_font_alone_is_named(tmp_path: Path) -> None:
    """With Chromium there, only the font is asked for."""
    done = check(programs(tmp_path / "bin", "id", chromium="true", **THERE, **{"fc-list": "true"}))
    assert done.returncode == 1
    assert "missing: fontconfig fonts-noto-cjk" in done.stderr


def test_complete_machine_is_left_alone(tmp_path: Path) -> None:
    """With all of them there, nothing is installed and nothing is said."""
    environment = programs(tmp_path / "bin", chromium="true", **THERE, **FONT, **{"apt-get": "exit 9"})
    done = check(environment)
    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)


def test_browser_may_have_another_name(tmp_path: Path) -> None:
    """The variable CHROMIUM names a browser that is not on the PATH."""
    environment = programs(tmp_path / "bin", mine="true", **THERE, **FONT)
    assert check({**environment, "CHROMIUM": str(tmp_path / "bin" / "mine")}).returncode == 0


def test_driver_that_cannot_start_is_named(tmp_path: Path) -> None:
    """Where what drives the browser does not start, the library that it lacks is asked for."""
    node = tmp_path / ".venv/lib/python3.11/site-packages/playwright/driver/node"
    node.parent.mkdir(parents=True)
    node.write_text("#!/bin/sh\nexit 127\n")
    node.chmod(0o755)
    done = check(programs(tmp_path / "bin", "id", chromium="true", **THERE, **FONT), tmp_path)
    assert done.returncode == 1
    assert "missing: libatomic1\n" in done.stderr


def test_missing_programs_are_installed_where_that_is_allowed(tmp_path: Path) -> None:
    """Root with apt-get, or a sudo that asks nothing: what is missing is installed, and only that."""
    folder = tmp_path / "bin"
    install = f'echo "$@" >> {tmp_path}/said; case "$*" in *install*) echo "#!/bin/sh" > {folder}/chromium;'
    environment = programs(
        folder,
        "chmod",
        "env",
        "sh",
        **THERE,
        **FONT,
        **{
            "id": "echo 0",
            "apt-get": f"{install} chmod +x {folder}/chromium;; esac",
        },
    )
    done = check(environment)
    assert (0, "") == (done.returncode, done.stderr)
    update, install = (tmp_path / "said").read_text().splitlines()
    assert "update" in update
    assert install.endswith(" chromium")


def test_old_python_is_refused_by_name(tmp_path: Path) -> None:
    """It says which Python it found, which it needs and how to name another, and leaves nothing behind."""
    script = 'if [ "$1" = --version ]; then echo "Python 3.10.9"; else exit 1; fi'
    environment = programs(tmp_path / "bin", "make", "sh", old=script)
    command = ["make", "--file", str(ROOT / "Makefile"), "PYTHON=old", ".venv/bin/python"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    for word in ("3.11", "Python 3.10.9", "PYTHON="):
        assert word in done.stderr
    assert not (tmp_path / ".venv").exists()
