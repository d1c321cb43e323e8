"""`greenmine catalog`: list, show, lint, diff."""

from __future__ import annotations

import hashlib
import itertools
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from greenmine.cli.main import main
from greenmine.files import canonical_json

ROOT = Path(__file__).resolve().parents[2]
SMALL = ROOT / "tests" / "catalog" / "small.yaml"

PROFILE = """\
schema: greenmine.profile/1
id: tailored
version: "1"
title: 演示省评价指标
issuer: 演示省
document: 演示省〔2025〕1号
issued_on: "2025-01-01"
effective_from: "2025-02-01"
extends: small@1
operations:
  - {{op: set, at: line, value: "{line}"}}
  - {{op: set, at: indicators/6/kind, value: improvement{citation}}}
  - {{op: set, at: indicators/2/criteria, value: 一处扣 0.5 分，从严。}}
"""


@pytest.fixture
def catalogs(workspace: Path) -> Path:
    """A workspace with a small catalog; returns its parameters."""
    parameters = workspace / "parameters"
    (parameters / "catalogs").mkdir()
    shutil.copy(SMALL, parameters / "catalogs" / "small-1.yaml")
    shutil.copytree(ROOT / "parameters" / "readings", parameters / "readings")
    return parameters


def tailor(catalogs: Path, line: str = "17", citation: str = ", citation: 演示省〔2025〕1号 第三条") -> Path:
    path = catalogs / "profiles" / "tailored-1.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(PROFILE.format(line=line, citation=citation), "utf-8")
    return path


def catalog(*arguments: object, status: int = 0) -> None:
    assert main(["--lang", "en", "catalog", *map(str, arguments)]) == status


def columns(line: str) -> list[str]:
    return line.split()


@pytest.mark.usefixtures("catalogs")
def test_list_shows_each_catalog_with_its_line(catalogs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The list names catalogs and profiles by reference, the workspace's own and the package's."""
    tailor(catalogs)
    catalog("list")
    rows = [columns(line) for line in capsys.readouterr().out.splitlines()]
    found = {row[0]: row for row in rows if row and "@" in row[0]}
    assert found["small@1"][2:] == ["16", "2024-02-01", "–", "2029-01-31", "–"]
    assert found["tailored@1"][2:] == ["17", "2025-02-01", "–", "small@1"]
    assert "national@2024" in found


def test_list_keeps_the_good_and_tells_the_bad(catalogs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A broken file is one message on standard error and exit status 2; the others are listed."""
    broken = catalogs / "catalogs" / "broken-1.yaml"
    broken.write_text("schema: greenmine.catalog/1\nid: no\n", "utf-8")
    catalog("list", status=2)
    said = capsys.readouterr()
    assert "small@1" in said.out
    assert said.err.count("\n") == 1
    assert f"greenmine: {broken}, line 2, key id: expected true, false, or text in quotes, got “no”" in said.err


@pytest.mark.usefixtures("catalogs")
def test_show_as_json_is_the_canonical_resolved_catalog(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """The JSON stands alone on standard output, in RFC 8785 form; its SHA-256 is the catalog's."""
    catalog("show", "small@1", "--json")
    said = capsysbinary.readouterr()
    document = json.loads(said.out)
    assert said.out == canonical_json(document) + b"\n"
    assert said.err == b""
    catalog("lint", "small@1")
    assert hashlib.sha256(said.out[:-1]).hexdigest() in capsysbinary.readouterr().out.decode()


def test_show_as_json_has_the_keys_that_tools_rely_on(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """What independent tools read of the national catalog is there, the criteria verbatim."""
    catalog("show", "national@2024", "--json")
    document: dict[str, Any] = json.loads(capsysbinary.readouterr().out)
    assert {"id", "version", "line"} <= set(document)
    assert all({"id", "text"} <= set(gate) for gate in document["prerequisites"])
    assert all({"id", "name", "points"} <= set(category) for category in document["categories"])
    keys = {"id", "name", "category", "section", "points", "kind", "methods", "basis", "criteria"}
    assert all(keys <= set(entry) for entry in document["indicators"])
    several = {entry["id"]: len(entry["criteria"]) for entry in document["indicators"] if "variants" in entry}
    assert several == {"8": 2, "9": 3, "11": 4, "21": 2, "22": 2}


@pytest.mark.usefixtures("catalogs")
def test_show_lays_out_the_whole_catalog(capsys: pytest.CaptureFixture[str]) -> None:
    """The overview has gates, categories with all indicators, and readings."""
    catalog("show", "small@1")
    page = capsys.readouterr().out
    for text in (
        "演示评价指标",
        "P2",
        "未受处罚。",
        "2 第二类: 10 points",
        "甲类行业",
        "mandatory",
        "na_fold",
        "16 / 20",
    ):
        assert (text in page) == (text != "甲类行业")
    assert [line.split()[:3] for line in page.splitlines() if " 方式 " in line] == [["3", "方式", "4"]]


@pytest.mark.usefixtures("catalogs")
def test_tables_of_chinese_text_stand_in_columns(capsys: pytest.CaptureFixture[str]) -> None:
    """Lines of a table are equally wide on the screen, where a Chinese character takes two columns."""
    catalog("show", "small@1")
    lines = capsys.readouterr().out.splitlines()
    rules = [number for number, line in enumerate(lines) if set(line.strip()) == {"─"}]
    assert len(rules) == 5
    for rule in rules:
        rows = list(itertools.takewhile(str.strip, lines[rule - 1 :]))
        assert len(rows) > 2
        assert {cell_len(lines[rule])} == {cell_len(line) for line in rows}


@pytest.mark.usefixtures("catalogs")
def test_show_one_indicator_in_full(capsys: pytest.CaptureFixture[str]) -> None:
    """`--indicator` shows the official text of every variant, verbatim."""
    catalog("show", "small@1", "--indicator", "3")
    page = capsys.readouterr().out
    assert "露天要求" in page
    assert "地下要求。符合得 4 分。" in page
    assert "说明书" in page


@pytest.mark.usefixtures("catalogs")
def test_show_an_indicator_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown indicator is a usage error that lists the known ones."""
    catalog("show", "small@1", "--indicator", "99", status=2)
    expected = "greenmine: small@1 has no indicator “99”: expected one of 1, 2, 3, 4, 5, 6, 7, 8.\n"
    assert capsys.readouterr().err == expected


def test_lint_tells_what_is_in_a_sound_file(catalogs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line: file, reference, indicators, line, digest."""
    path = catalogs / "catalogs" / "small-1.yaml"
    catalog("lint", path)
    expected = f"{path}: small@1 holds together: 8 indicators (2 mandatory), line 16, SHA-256 "
    assert capsys.readouterr().out.startswith(expected)


def test_lint_names_the_fault_of_an_unsound_file(catalogs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """File, line, key, expected and found; exit status 2; nothing on standard output."""
    path = catalogs / "catalogs" / "small-1.yaml"
    path.write_text(
        path.read_text("utf-8").replace('points: "4"\n        indicators', 'points: "5"\n        indicators')
    )
    catalog("lint", path, status=2)
    said = capsys.readouterr()
    place = "line 34, key categories/1/sections/1.1/points"
    assert said.out == ""
    assert said.err == f"greenmine: {path}, {place}: expected 4, the sum of its indicators, got 5.\n"


def test_lint_finds_a_weaker_profile(catalogs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A profile that softens without citation fails the check: exit status 1, all softenings in the table."""
    path = tailor(catalogs, line="15", citation="")
    catalog("lint", path, status=1)
    said = capsys.readouterr()
    assert "the line falls from 16 to 15" in said.out
    assert "a mandatory indicator becomes an" in said.out
    assert "to be judged" in said.out
    message = f"{path}, line 11, line: weaker than small@1 without a citation: the line falls from 16 to 15"
    assert said.err == f"greenmine: {message} (such operations: 2).\n"


def test_lint_shows_the_citation_that_allows_a_softening(catalogs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A cited softening holds, and stays visible."""
    path = tailor(catalogs)
    catalog("lint", path)
    assert "演示省〔2025〕1号" in capsys.readouterr().out


def test_a_weaker_profile_cannot_be_shown_or_compared(catalogs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Only lint opens a profile that is refused."""
    tailor(catalogs, line="15")
    catalog("show", "tailored@1", status=2)
    catalog("diff", "small@1", "tailored@1", status=2)
    assert capsys.readouterr().err.count("expected nothing weaker than small@1, or a citation, got the line falls") == 2


def test_diff_shows_level_place_and_both_values(catalogs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each change is a row; the last line counts."""
    tailor(catalogs)
    catalog("diff", "small@1", "tailored@1")
    page = capsys.readouterr().out
    rows = [columns(line) for line in page.splitlines()]
    assert ["major", "line", "changed", "16", "17"] in rows
    assert ["major", "indicators/6/kind", "土壤", "changed", "mandatory", "improvement"] in rows
    assert page.splitlines()[-1] == "2 major, 8 wording."


def test_diff_as_json_counts_the_changes(catalogs: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """The JSON stands alone on standard output, in RFC 8785 form."""
    tailor(catalogs)
    catalog("diff", "small@1", "tailored@1", "--json")
    out = capsysbinary.readouterr().out
    document = json.loads(out)
    assert out == canonical_json(document) + b"\n"
    assert document["summary"] == {"major": 2, "wording": 8}


@pytest.mark.usefixtures("catalogs")
def test_diff_of_a_catalog_with_itself_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """No changes is an answer."""
    catalog("diff", "small@1", "small@1")
    assert capsys.readouterr().out == "small@1 and small@1 say the same.\n"


@pytest.mark.parametrize("verb", [["show", "nothing@1"], ["lint", "nothing.yaml"], ["diff", "national@2024", "x@1"]])
def test_a_catalog_that_is_not_there_is_one_message(verb: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 2 and one line that lists what there is."""
    catalog(*verb, status=2)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("greenmine: There is no catalog ")
    assert said.err.count("\n") == 1


@pytest.mark.usefixtures("workspace")
def test_list_marks_what_is_hypothetical(capsys: pytest.CaptureFixture[str]) -> None:
    """The shipped example of a later version is marked before its title; the national catalog is not."""
    catalog("list")
    rows = {row[0]: row for line in capsys.readouterr().out.splitlines() if (row := columns(line))}
    assert [True, False] == [rows[ref][1] == "[hypothetical]" for ref in ("hypothetical@2027", "national@2024")]


def test_a_mapping_set_is_drafted_into_a_new_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The draft names what is left to decide; a file that is there is not written over."""
    path = tmp_path / "draft.yaml"
    arguments = ["catalog", "diff", "national@2024", "hypothetical@2027", "--mapping", str(path)]
    assert 0 == main(arguments)
    written = path.read_bytes()
    assert 11 == written.count(b"relation: undecided")
    assert 2 == main(arguments)
    assert "draft.yaml" in capsys.readouterr().err
    assert written == path.read_bytes()
