"""The project's own promises: its layout, its locks, its documents."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
TOP_LEVEL = """
    .ci .gitattributes .gitignore .pre-commit-config.yaml CHANGELOG.md CONTRIBUTING.md LICENSE Makefile README.md
    README.zh-CN.md benchmarks docs environment.yml evidence greenmine hatch_build.py notebooks parameters
    pyproject.toml reports requirements-dev.lock requirements.lock scripts tests
"""


@cache
def tracked() -> tuple[Path, ...]:
    """Return the files git knows."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return tuple(path for name in names.split("\0") if name and (path := ROOT / name).is_file())


@cache
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def requirements(*groups: str) -> dict[str, Requirement]:
    table = project()["project"]
    lines = [*table["dependencies"], *(line for group in groups for line in table["optional-dependencies"][group])]
    return {canonicalize_name(found.name): found for found in map(Requirement, lines)}


def locked(name: str) -> dict[str, list[tuple[Requirement, int]]]:
    """Return what a lock pins: name to each pinned version and the number of its hashes."""
    found: dict[str, list[tuple[Requirement, int]]] = {}
    for entry in re.split(r"\n(?=\S)", (ROOT / name).read_text("utf-8").replace("\\\n", " ")):
        if entry and not entry.startswith("#"):
            pin = Requirement(entry.splitlines()[0].split(" --hash")[0])
            found.setdefault(canonicalize_name(pin.name), []).append((pin, entry.count("--hash=sha256:")))
    return found


def text_files() -> list[tuple[Path, str]]:
    found = []
    for path in tracked():
        data = path.read_bytes()
        if b"\0" not in data:
            found.append((path, data.decode("utf-8", "replace")))
    return found


def only(pattern: str, name: str) -> str:
    """Return what the first match of a pattern in a file holds."""
    found = re.search(pattern, (ROOT / name).read_text("utf-8"), re.MULTILINE)
    assert found, f"{name} lacks {pattern}"
    return found.group(1)


def test_top_level_is_the_one_described() -> None:
    """Nothing is added to, or missing from, the top level without saying so here."""
    assert set(TOP_LEVEL.split()) == {path.relative_to(ROOT).parts[0] for path in tracked()}


@pytest.mark.parametrize(
    ("lock", "groups"), [("requirements.lock", ["build"]), ("requirements-dev.lock", ["build", "dev"])]
)
def test_every_dependency_is_locked_with_hashes(lock: str, groups: list[str]) -> None:
    """Each dependency of pyproject.toml is pinned in the lock, in a version it admits; every pin has hashes."""
    pins = locked(lock)
    for name, wanted in requirements(*groups).items():
        assert name in pins, f"{name} is not in {lock}: make lock"
        assert all(wanted.specifier.contains(next(iter(pin.specifier)).version) for pin, _hashes in pins[name])
    assert [] == [name for name, entries in pins.items() for _pin, hashes in entries if not hashes]


def test_locks_agree() -> None:
    """What both locks pin, they pin in the same version, so that tests run on what users get."""
    runtime, develop = (
        {name: {str(pin.specifier) for pin, _hashes in entries} for name, entries in locked(lock).items()}
        for lock in ("requirements.lock", "requirements-dev.lock")
    )
    assert runtime == {name: develop[name] for name in runtime}


def test_lock_holds_what_builds_the_project() -> None:
    """What [build-system] requires is locked, so that an install needs no build isolation."""
    assert {canonicalize_name(Requirement(line).name) for line in project()["build-system"]["requires"]} <= set(
        locked("requirements.lock")
    )


def test_conda_environment_is_in_step() -> None:
    """environment.yml names the same packages and bounds as pyproject.toml."""
    entries = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))["dependencies"]
    pip = next(entry for entry in entries if isinstance(entry, dict))["pip"]
    named = [entry for entry in [*entries, *pip] if isinstance(entry, str) and not entry.startswith("-")]
    found = {canonicalize_name(wanted.name): wanted.specifier for wanted in map(Requirement, named)}
    found.pop("pip")
    assert found.pop("python") == project()["project"]["requires-python"]
    assert {name: wanted.specifier for name, wanted in requirements().items()} == found


def test_no_file_carries_an_index_address() -> None:
    """Which registry packages come from is the affair of who installs them."""
    pattern = re.compile(r"--(extra-)?index" + r"-url\b|--find" + r"-links\b|https?://[^\s\"')>]*/simple\b")
    assert [] == [path.name for path, text in text_files() if pattern.search(text)]


def test_no_file_names_a_development_machine() -> None:
    """No tracked file names this checkout or the home of whoever runs the tests."""
    homes = {path for path in (ROOT, Path.home()) if len(path.parts) > 1}
    pattern = re.compile("|".join(rf"(?<![\w.-]){re.escape(str(path))}(?![\w.-])" for path in homes))
    assert [] == [
        f"{path.relative_to(ROOT)}: {hit.group()}" for path, text in text_files() if (hit := pattern.search(text))
    ]


def test_no_large_file() -> None:
    """No tracked file is over 1 MB, and the demo evidence is at most 5 MB together."""
    assert [] == [path.name for path in tracked() if path.stat().st_size > 1 << 20]
    assert sum(path.stat().st_size for path in tracked() if ROOT / "evidence" in path.parents) <= 5 << 20


def test_public_names_are_sorted() -> None:
    """Every `__all__` is sorted and names nothing twice."""
    for path in sorted((ROOT / "greenmine").rglob("__init__.py")):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.Assign) and any(
                isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets
            ):
                names = list(ast.literal_eval(node.value))
                assert sorted(set(names)) == names, path


def test_floors_hold() -> None:
    """No module of the package imports from a floor above it, nor the scorer from outside the standard library."""
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_readme_commands_are_make_targets() -> None:
    """Every `make x` in the readmes and guides is a target of the Makefile, and `make help` lists each target."""
    targets = set(only(r"^\.PHONY: (.*)$", "Makefile").split())
    named = set()
    for name in ("README.md", "README.zh-CN.md", "CONTRIBUTING.md", ".ci/run"):
        named |= set(re.findall(r"(?:^|`)\s*make ([a-z0-9]+)", (ROOT / name).read_text("utf-8"), re.MULTILINE))
    assert {"demo", "test"} <= named <= targets
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert targets == set(re.findall(r"^  make (\S+)", listed, re.MULTILINE))


def test_links_between_documents_lead_somewhere() -> None:
    """Every relative link in the documents names a file that is there."""
    links = [
        (path, target)
        for path, text in text_files()
        if path.suffix == ".md"
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text)
        if not re.match(r"[a-z]+:", target)
    ]
    broken = [f"{path.relative_to(ROOT)} → {target}" for path, target in links if not (path.parent / target).exists()]
    assert [] == broken


def test_every_document_is_in_the_index() -> None:
    """docs/README.md links every document under docs/ except generated data and sources."""
    index = (ROOT / "docs" / "README.md").read_text("utf-8")
    documents = {path.relative_to(ROOT / "docs").as_posix() for path in tracked() if ROOT / "docs" in path.parents}
    assert [] == [
        name for name in sorted(documents - {"README.md"}) if name.endswith(".md") and f"({name})" not in index
    ]


def test_both_readmes_have_the_same_sections() -> None:
    """The Chinese readme has as many sections and commands as the English one."""
    english, chinese = ((ROOT / name).read_text("utf-8") for name in ("README.md", "README.zh-CN.md"))
    for pattern in (r"^## ", r"^    (?:make|greenmine) \S+"):
        assert len(re.findall(pattern, english, re.MULTILINE)) == len(re.findall(pattern, chinese, re.MULTILINE))


def test_changelog_names_the_version() -> None:
    """The version of the package has its entry in the changelog."""
    version = only(r'__version__ = "(.+)"', "greenmine/__init__.py")
    assert f"## [{version}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")
