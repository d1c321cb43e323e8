"""Verifying: what holds, what does not, what is not proven, and in what order it is told."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from audited import MINISTRY, OPERATOR, PROVINCE, Audited, build, experts_of, remake
from hypothesis import given
from hypothesis import strategies as st
from keys import allow, public
from sealing import POLICY, make_mine, prepare

from greenmine import i18n
from greenmine.archive import record_checks
from greenmine.archive.chain import heads_of
from greenmine.archive.checkpoint import head_of
from greenmine.archive.keys import revoke
from greenmine.archive.layout import Archive
from greenmine.archive.page import check_inert
from greenmine.archive.pins import Pins
from greenmine.archive.selection import draw
from greenmine.archive.signers import CATALOG, CHECKPOINT, FINDING, REDACTION, WITNESS
from greenmine.archive.verdicts import ASPECTS, CHECKS, aspect_title, check_title
from greenmine.archive.verify import Sample, verify
from greenmine.cli.main import main
from greenmine.cli.verify import lines
from greenmine.errors import ArchiveError, InputError, IntegrityError, UsageError

R1 = "bags/assess/GM-0001/r1"
LAST = "bags/assess/GM-0002/r1"


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Audited:
    """The archive; no test changes it."""
    return build(tmp_path_factory.mktemp("audited"))


@pytest.fixture
def copy(sealed: Audited, tmp_path: Path) -> Audited:
    """A copy that may be changed."""
    return sealed.copy(tmp_path / "copy")


def remarks(one: Audited, *records: str, pins: Pins | None = None) -> set[str]:
    result = one.verify(*records, pins=pins)
    assert () == result.failures
    return {remark.code for remark in result.remarks if remark.unproven}


def pinned(folder: Path, one: Audited, *lines: tuple[str, str, str, str]) -> Pins:
    """Return pins with lines: principal, key, namespace, option."""
    for principal, key, namespace, option in (
        *lines,
        (MINISTRY, "ministry", CATALOG, ""),
        (OPERATOR, "operator", REDACTION, ""),
    ):
        allow(folder / "allowed_signers", principal, one.keys / key, [namespace], *([option] if option else []))
    shutil.copy(one.trust / "tsa-chain.pem", folder / "tsa-chain.pem")
    return Pins.of(folder)


def experts(option: str = "") -> tuple[tuple[str, str, str, str], ...]:
    return tuple((experts_of(name), name, FINDING, option) for name in ("E1", "E2"))


def test_everything_is_told_in_the_order_of_the_four_aspects(sealed: Audited) -> None:
    """真实性、完整性、可用性、安全性: in the result, in the JSON document, in the report."""
    result = sealed.verify()
    assert ("authenticity", "integrity", "availability", "safety") == ASPECTS
    assert sorted(result.tallies, key=lambda one: list(CHECKS).index(one.check)) == list(result.tallies)
    assert list(ASPECTS) == [one["aspect"] for one in result.document()["aspects"]]
    assert len(CHECKS) == len({check_title(check) for check in CHECKS})


def test_entries_after_the_last_checkpoint_are_not_yet_proven(sealed: Audited) -> None:
    """Three of the nine entries came later; how far the others are proven, by whom and since when, is told."""
    result = sealed.verify()
    covered = result.proven.checkpoint
    assert result.holds
    assert (covered, covered, covered, (PROVINCE,)) == (
        result.proven.signed,
        result.proven.stamped,
        result.proven.witnessed,
        result.proven.witnesses,
    )
    assert result.proven.entries > covered
    assert result.proven.stamped_at
    (said,) = (one.text for one in result.remarks if one.code == "entries.after")
    assert f"{result.proven.entries - covered}" in said


def test_a_record_comes_with_what_it_rests_on(sealed: Audited) -> None:
    """With a record come its evidence with the removal and its catalog with the signature; a mine is its last one."""
    result = sealed.verify("GM-0001/r1")
    assert (("GM-0001/r1",), 5, False) == (result.records, result.bags, result.whole)
    assert ("GM-0001/r2",) == sealed.verify("GM-0001").records
    assert ("GM-0001/r2",) == sealed.verify("bags/assess/GM-0001/r2/").records
    assert ("GM-0001/r1", "GM-0002/r1") == sealed.verify("GM-0002", "GM-0001/r1").records


def test_damage_elsewhere_does_not_concern_a_record(copy: Audited) -> None:
    """A record holds although another bag does not."""
    (copy.root / LAST / "data" / "score.json").write_bytes(b"{}")
    assert copy.verify("GM-0001").holds
    assert not copy.verify("GM-0002").holds


def test_the_first_file_is_the_first_in_order(copy: Audited) -> None:
    """Of several files that do not hold the first of the first bag is named first, and all of them are told."""
    names = [f"{R1}/data/findings.json", f"{R1}/data/score.json", f"{LAST}/data/score.json"]
    for name in names:
        (copy.root / name).write_bytes(b"{}")
    for _run in range(3):
        assert names == [one.file for one in copy.verify().failures]


def test_an_archive_without_keys_says_what_is_not_proven(tmp_path: Path) -> None:
    """Sealed without keys and checkpoints all holds, and it is said that nobody vouches for it."""
    archive = Archive.open(tmp_path / "reports", create=True)
    prepare(archive, make_mine(tmp_path / "evidence")).sealed(archive)
    result = verify(archive, Pins.of(archive.trust, own=True))
    assert result.holds
    assert {"checkpoint.none", "entries.after", "catalog.unsigned", "record.unsigned"} == {
        one.code for one in result.remarks if one.unproven
    }


def test_without_pinned_keys_signatures_are_checked_and_nobodys(sealed: Audited) -> None:
    """Without allowed_signers and certificates nothing fails; nothing is signed, stamped or said to be authentic."""
    i18n.use("en")
    assert {"signature.unknown", "timestamp.unchecked", f"witness.unknown.{PROVINCE}"} <= remarks(sealed, pins=Pins())
    result = sealed.verify(pins=Pins())
    far = result.proven
    assert (0, 0, 0) == (far.signed, far.stamped, far.witnessed)
    assert ("unproven", "holds") == (result.state("authenticity"), result.state("safety"))
    assert "authenticity: not proven" in "\n".join(lines(result)).lower()


def test_the_archives_own_keys_prove_less(sealed: Audited) -> None:
    """That keys were taken from the archive itself is remarked on."""
    assert "trust.own" in remarks(sealed, pins=Pins.of(sealed.archive.trust, own=True))
    assert "trust.own" not in remarks(sealed)


def test_a_key_that_has_expired_counts_by_its_stamp(sealed: Audited, tmp_path: Path) -> None:
    """After keys have expired stamped signatures hold; of those without a stamp it is said that nothing proves when."""
    end = sealed.verify().proven.stamped_at.translate(str.maketrans("", "", "-:T"))
    ended = f'valid-before="{end}"'
    later = pinned(tmp_path / "ended", sealed, (OPERATOR, "operator", CHECKPOINT, ended), *experts(ended))
    assert "signature.undated" not in remarks(sealed, "GM-0001/r1", "GM-0001/r2", pins=later)
    past = 'valid-before="20260901000000Z"'  # after the experts signed, before anything was stamped
    expired = pinned(tmp_path / "past", sealed, (OPERATOR, "operator", CHECKPOINT, ""), *experts(past))
    failures = sealed.verify("GM-0001/r1", pins=expired).failures
    assert {"record.signature"} == {one.check for one in failures}
    assert "signature.undated" in remarks(sealed, "GM-0002/r1", pins=expired)


def test_revoked_and_strange_keys_do_not_count(copy: Audited, tmp_path: Path) -> None:
    """A revoked operator fails every checkpoint; a key of somebody else fails what it signed."""
    revoke(copy.archive, [public(copy.keys / "operator")])
    result = copy.verify(pins=Pins.of(copy.archive.trust))
    assert {"checkpoint.signature", "redaction.signature"} == {one.check for one in result.failures}
    stranger = pinned(
        tmp_path / "pins",
        copy,
        (OPERATOR, "operator", CHECKPOINT, ""),
        (PROVINCE, "stranger", WITNESS, ""),
        *experts(),
    )
    assert {"checkpoint.witness"} == {one.check for one in copy.verify(pins=stranger).failures}


def test_a_score_that_does_not_follow_is_found(copy: Audited, monkeypatch: pytest.MonkeyPatch) -> None:
    """A score that an insider sealed without any signature does not follow; verify.sh finds it when it recomputes.

    Of another version of the scorer the same result in another form is accepted with a remark.
    """
    score = (copy.root / LAST / "data/score.json").read_bytes()
    shutil.rmtree(copy.root / LAST / "data/attest")
    manifest = copy.root / LAST / "manifest-sha256.txt"
    manifest.write_text(
        "".join(x for x in manifest.read_text("utf-8").splitlines(keepends=True) if "/attest/" not in x)
    )
    document = json.loads(score)
    remake(copy, LAST, "data/score.json", json.dumps({**document, "note": 1}).encode())
    assert [("record.score", f"{LAST}/data/score.json")] == [(x.check, x.file) for x in copy.verify().failures]
    assert 0 == copy.script().returncode
    assert 1 == copy.script("-x").returncode
    own = copy.root.parent / "rescore.pyz"
    shutil.copy(copy.root / LAST / "data/engine/rescore.pyz", own)
    assert 1 == copy.script("-e", str(own), "GM-0002").returncode
    monkeypatch.setattr(record_checks, "engine_digest", lambda: "0" * 64)
    assert "score.form" in {one.code for one in copy.verify().remarks}
    remake(copy, LAST, "data/score.json", json.dumps({**document, "verdict": "pass"}).encode())
    assert ["record.score"] == [one.check for one in copy.verify().failures]


def test_a_bag_outside_of_the_ledger_is_found_unless_it_is_being_sealed(copy: Audited) -> None:
    """A bag without a line fails, also when it is asked for; one that its maker has a claim on does not."""
    from greenmine.archive.lock import claim, release  # noqa: PLC0415 - what a maker does

    orphan = copy.root / "bags/assess/GM-0003/r1"
    shutil.copytree(copy.root / R1, orphan)
    assert ["archive.places"] == [one.check for one in copy.verify("GM-0003/r1").failures]
    handle = claim(orphan)
    assert handle is not None
    assert copy.verify().holds
    release(handle)
    assert ["bags/assess/GM-0003/r1"] == [one.file for one in copy.verify().failures]


def test_what_lies_around_is_remarked_on(copy: Audited) -> None:
    """Leftovers and files that are no part of the archive are told and do no harm; a private key does."""
    (copy.root / "GM-0001").mkdir()
    (copy.root / "staging" / "left").mkdir()
    (copy.root / "verify.sh").write_text("exit 0\n")
    result = copy.verify()
    assert result.holds
    assert {"archive.others", "archive.staging", "archive.script"} <= {one.code for one in result.remarks}
    for folder in ("trust", "staging/left", "quarantine", "inbox/GM-0001/r1", "checkpoints"):
        place = copy.root / folder
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy(copy.keys / "operator", place / "operator")
        found = {one.file for one in copy.verify().failures if one.check == "archive.secrets"}
        assert {f"{folder}/operator"} == found
        (place / "operator").unlink()


def test_a_removal_that_was_not_carried_out_is_remarked_on(copy: Audited) -> None:
    """A removed file that is still there with its content is no damage; it is said that recover removes it."""
    name = next(copy.root.glob("bags/redaction/*")).name
    place = copy.root / "bags/evidence" / name[:2] / name / "data/files/2 设施/人员名单.txt"
    place.parent.mkdir(exist_ok=True)
    place.write_text("演示人员甲 GM-0001 \n", "utf-8")
    result = copy.verify()
    assert result.holds
    assert any(one.code.startswith("redaction.pending") for one in result.remarks)
    assert 0 == copy.script().returncode


def test_what_cannot_be_verified_is_an_error(sealed: Audited, tmp_path: Path) -> None:
    """No archive, no such record, no checkpoint in what was kept: errors of who asks, not of the archive."""
    with pytest.raises(ArchiveError, match="ledger"):
        verify(Archive(tmp_path), Pins())
    for name in ("GM-9", "GM-0001/r9", "", "bags/assess"):
        with pytest.raises(UsageError):
            sealed.verify(name)
    (tmp_path / "kept").write_text("x")
    with pytest.raises(InputError):
        sealed.verify(kept=tmp_path / "kept")


def test_a_checkpoint_that_was_kept_is_continued(sealed: Audited) -> None:
    """The archive continues each of its checkpoints, named by file or folder."""
    for folder in sorted(sealed.archive.checkpoints.iterdir()):
        assert sealed.verify(kept=folder).holds
        assert sealed.verify(kept=folder / "checkpoint").holds
        assert 0 == sealed.script("-k", str(folder / "checkpoint"), "GM-0001").returncode


@given(st.lists(st.binary(max_size=9).map(lambda line: line.replace(b"\n", b"") + b"\n"), max_size=20), st.data())
def test_heads_in_one_pass_are_those_made_one_by_one(lines: list[bytes], data: st.DataObject) -> None:
    """Digest and root of several beginnings of a ledger, in one pass over it, are what each has alone."""
    ledger = b"".join(lines)
    sizes = data.draw(st.lists(st.integers(0, len(ledger) + 2), max_size=5))
    whole = {size for size in sizes if size <= len(ledger) and (not size or ledger[size - 1 : size] == b"\n")}
    assert {size: head_of(ledger[:size]) for size in whole} == heads_of(ledger, sizes)


def test_a_sample_can_be_drawn_again_with_stock_tools(sealed: Audited) -> None:
    """The records drawn are those that grep, sha256sum, sort and head give; a larger sample holds the smaller one."""
    loop = 'while read id; do printf "%s  %s\\n" "$(printf "%s,%s" "$SEED" "$id" | sha256sum | cut -c-64)" "$id"; done'
    pipe = f"grep -o 'bags/assess/[^/]*/r[0-9]*' ledger | cut -d/ -f3- | {loop} | sort | head -n 2 | cut -c67-"
    for seed in ("3 1 4 1 5", "骰子 2"):
        done = subprocess.run(
            ["sh", "-c", pipe],
            check=True,
            cwd=sealed.root,
            env={"SEED": seed, "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
        )
        names = ["GM-0001/r1", "GM-0001/r2", "GM-0002/r1"]
        assert done.stdout.split() == list(draw(names, seed, 2))
        assert draw(names, seed, 1) == draw(names, seed, 3)[:1]
        result = verify(sealed.archive, sealed.pins, sample=Sample(2, seed))
        assert sorted(done.stdout.split()) == list(result.records)
        assert seed == result.document()["seed"]


PAGE = f"<!doctype html><html><head>{POLICY}</head><body>{{}}</body></html>"


@pytest.mark.parametrize(
    "markup",
    [
        "<script>1</script>",
        "<SCRIPT src=x>",
        "<p onclick=x>",
        "<svg/onload=x>",
        "<a href='javascript:x'>",
        "<a href=' jav&#x61;script:x'>",
        "<a href='https://evil.example'>",
        "<a href='file.html'>",
        "<img src='//evil.example/x.png'>",
        "<img src='x.png'>",
        "<img src='data:image/svg+xml;base64,AA'>",
        "<img srcset='x 2x'>",
        "<link rel=stylesheet href=x>",
        "<iframe srcdoc=x>",
        "<object data=x>",
        "<base href=x>",
        "<form action=x>",
        "<meta http-equiv=refresh content='0;url=x'>",
        "<style>@import 'x'</style>",
        "<style>p{background:url(http://evil.example)}</style>",
        "<p style='background:url(x)'>",
        "<p style='background:u\\72l(x)'>",
        "<video src=x>",
        "<template><p></template>",
        "<?xml-stylesheet href='x'?>",
    ],
)
def test_a_page_that_runs_or_loads_is_refused(markup: str) -> None:
    """A report with anything that could run, load, send or lead elsewhere is refused, and the place named."""
    with pytest.raises(IntegrityError):
        check_inert(PAGE.format(markup).encode(), "report.html")


def test_a_harmless_page_is_accepted_only_with_its_policy() -> None:
    """Text that looks like markup, pictures within and links within are fine; a page without a policy is not."""
    harmless = (
        "<p id=a>&lt;script&gt; javascript: onclick=1</p><a href='#a'>a</a><img src='data:image/png;base64,AA=='>"
    )
    check_inert(PAGE.format(harmless).encode(), "report.html")
    for page in (b"<!doctype html><p>x", b"\xff", PAGE.format("").replace("default-src 'none'", "x").encode()):
        with pytest.raises(IntegrityError):
            check_inert(page, "report.html")


def test_a_new_archive_holds_instructions_and_the_script(tmp_path: Path) -> None:
    """VERIFY.md and verify.sh lie in an archive from the beginning; any shell at hand runs the script."""
    archive = Archive.open(tmp_path / "reports", create=True)
    assert (archive.root / "VERIFY.md").read_text("utf-8").startswith("# 怎样核验本档案")
    shells = [path for name in ("dash", "bash", "busybox") if (path := shutil.which(name))]
    assert shells
    for shell in shells:
        words = [shell, "sh"] if shell.endswith("busybox") else [shell]
        done = subprocess.run([*words, str(archive.root / "verify.sh")], capture_output=True, text=True, check=False)
        assert (0, "") == (done.returncode, done.stderr)


def test_verify_sh_tells_what_cannot_be_verified(sealed: Audited, tmp_path: Path) -> None:
    """A wrong option, no archive, no such record: exit status 2 and one line."""
    (tmp_path / "empty").mkdir()
    for arguments in (["-q"], ["-a", str(tmp_path / "empty")], ["-a", str(tmp_path / "none")], ["GM-9"]):
        done = sealed.script(*arguments)
        assert 2 == done.returncode
        assert "verify.sh: " in done.stderr


# ---- the verb --------------------------------------------------------------------------------------------------------


def test_the_report_is_chinese_and_in_order(sealed: Audited, capsys: pytest.CaptureFixture[str]) -> None:
    """`greenmine verify` prints the four aspects in order and exits with 0; nothing goes to standard error."""
    assert 0 == main(["verify", "--archive", str(sealed.root), "--trust", str(sealed.trust)])
    out, err = capsys.readouterr()
    assert "" == err
    places = [out.index(f"\n{aspect_title(aspect)}") for aspect in ASPECTS]
    assert sorted(places) == places
    assert "GM-0001/r1" not in out


def test_the_verb_names_the_first_file_and_exits_with_1(copy: Audited, capsys: pytest.CaptureFixture[str]) -> None:
    """What does not hold is said in the second line, with the file; JSON says the same, alone on standard output."""
    name = f"{R1}/data/findings.json"
    (copy.root / name).write_bytes(b"{}")
    i18n.use("en")
    place = ["--archive", str(copy.root), "--trust", str(copy.trust)]
    assert 1 == main(["verify", "GM-0001/r1", *place, "--lang", "en"])
    lines = capsys.readouterr().out.splitlines()
    assert "GM-0001/r1" in lines[0]
    assert f"IT DOES NOT HOLD (1). The first file that does not: {name}: " in lines[1]
    assert 1 == main(["verify", *place, "--json"])
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert (False, name, "") == (document["holds"], document["first"]["file"], err)


def test_the_verb_verifies_a_sample(sealed: Audited, capsys: pytest.CaptureFixture[str]) -> None:
    """--sample with --seed draws; one without the other, or with a record, is refused with exit status 2."""
    place = ["--archive", str(sealed.root)]
    assert 0 == main(["verify", *place, "--sample", "2", "--seed", "3 1 4", "--json"])
    assert 2 == len(json.loads(capsys.readouterr().out)["records"])
    for words in (["--sample", "2"], ["--seed", "x"], ["GM-0001", "--sample", "1", "--seed", "x"], ["GM-9"]):
        assert 2 == main(["verify", *place, *words])
        out, err = capsys.readouterr()
        assert ("", 1) == (out, len(err.splitlines()))
