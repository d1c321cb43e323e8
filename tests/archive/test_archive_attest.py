"""Attestations: drafts, statements and experts' signatures."""

from __future__ import annotations

import dataclasses
import subprocess
from pathlib import Path

import pytest
from keys import allow, make_key
from sealing import Parts, make_mine, prepare

from greenmine import i18n
from greenmine.archive.attest import (
    STATED,
    Draft,
    check_statement,
    drop_draft,
    find_drafts,
    lay_draft,
    make_statement,
    members,
    read_draft,
    sign_draft,
)
from greenmine.archive.layout import Archive
from greenmine.archive.pins import Pins
from greenmine.archive.signature import Trust
from greenmine.archive.signers import FINDING
from greenmine.archive.staging import SealedBag
from greenmine.archive.verify import verify
from greenmine.errors import ArchiveError, InputError, IntegrityError, UsageError

OLDER = "earlier/2025-self/panel.yaml"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    for name in ("E1", "E2", "stranger"):
        make_key(folder, name)
    return folder


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive.open(tmp_path / "reports", create=True)


@pytest.fixture
def parts(tmp_path: Path, archive: Archive) -> Parts:
    return prepare(archive, make_mine(tmp_path / "evidence"))


@pytest.fixture
def trust(archive: Archive, keys: Path) -> Trust:
    file = archive.trust / "allowed_signers"
    allow(file, "E1@2026-self@GM-0001", keys / "E1", [FINDING])
    return Trust(allow(file, "E2@2026-self@GM-0001", keys / "E2", [FINDING]))


@pytest.fixture
def draft(archive: Archive, parts: Parts) -> Draft:
    return read_draft(lay_draft(archive, parts.record, {**parts.files, OLDER: b"x"}))


def seal(archive: Archive, parts: Parts, folder: Path) -> SealedBag:
    """Seal a draft as it is now."""
    found = read_draft(folder)
    return dataclasses.replace(parts, files=dict(found.files), record=found.record).sealed(archive, attest=found.attest)


def test_a_draft_has_the_form_of_its_bag(draft: Draft, parts: Parts) -> None:
    """What is to be sealed is all there, and nothing else; `sha256sum` accepts the statement in the draft's folder."""
    assert {**parts.files, OLDER: b"x"} == draft.files
    assert parts.record == draft.record
    subprocess.run(
        ["sha256sum", "--strict", "-c", "data/attest/statement.sums"], cwd=draft.folder, check=True, stdout=-3
    )
    assert ((), ("E1", "E2")) == (draft.experts, draft.unsigned)


def test_what_experts_sign_is_sealed(archive: Archive, parts: Parts, draft: Draft, keys: Path, trust: Trust) -> None:
    """From draft to bag: the statement and both experts' signatures are in it, and hold."""
    for name in ("E1", "E2"):
        sign_draft(draft, name, keys / name, trust)
    signed = read_draft(draft.folder)
    assert (("E1", "E2"), ()) == (signed.experts, signed.unsigned)
    place = archive.place(seal(archive, parts, draft.folder).path) / "data" / "attest"
    assert signed.attest == {path.name: path.read_bytes() for path in place.iterdir()}
    found = verify(archive, Pins(trust))
    assert (True, 2) == (found.holds, {one.check: one.held for one in found.tallies}["record.signature"])


def test_stock_tools_accept_a_sealed_signature(
    archive: Archive, parts: Parts, draft: Draft, keys: Path, trust: Trust
) -> None:
    """The commands of the instructions, run in the bag, say yes."""
    sign_draft(draft, "E1", keys / "E1", trust)
    place = archive.place(seal(archive, parts, draft.folder).path)
    command = f"ssh-keygen -Y verify -f {trust.allowed_signers} -I E1@2026-self@GM-0001 -n greenmine-finding"
    for words in (
        "sha256sum --strict -c data/attest/statement.sums",
        f"{command} -s data/attest/expert-E1.sig < data/attest/statement.sums",
    ):
        assert 0 == subprocess.run(["sh", "-c", words], cwd=place, check=False, capture_output=True).returncode


@pytest.mark.parametrize(
    ("expert", "key", "said"),
    [
        ("E1", "E2", "the key ssh-ed25519 .* belongs to “E2@2026-self@GM-0001”"),
        ("E2", "stranger", "is not in .*allowed_signers"),
        ("E3", "E1", "“E3” is neither chair nor expert of the panel: expected one of E1, E2"),
    ],
)
def test_nobody_signs_for_another(  # noqa: PLR0917 - fixtures
    draft: Draft, keys: Path, trust: Trust, expert: str, key: str, said: str
) -> None:
    """A signature with a key that is not the expert's is refused at once, and not kept."""
    i18n.use("en")
    with pytest.raises(UsageError, match=said):
        sign_draft(draft, expert, keys / key, trust)
    assert read_draft(draft.folder).experts == ()


@pytest.mark.parametrize("name", [*STATED, "report.html", OLDER])
def test_a_draft_changed_after_it_was_laid_out_is_refused(draft: Draft, name: str) -> None:
    """Whatever is changed of what the statement covers, nobody can be made to sign it."""
    i18n.use("en")
    file = draft.folder / "data" / name
    file.chmod(0o644)
    file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(IntegrityError, match=rf"data/{name}: expected [0-9a-f]{{64}}, as statement\.sums says, got"):
        read_draft(draft.folder)


@pytest.mark.parametrize("name", [*STATED, "attest/statement.sums"])
def test_a_draft_with_a_file_missing_is_refused(draft: Draft, name: str) -> None:
    """A missing file is named."""
    i18n.use("en")
    (draft.folder / "data" / name).unlink()
    with pytest.raises(InputError, match=rf"{name}: expected a file of the draft, got no such file"):
        read_draft(draft.folder)


def test_a_draft_with_foreign_files_is_refused(draft: Draft) -> None:
    """Links, and files among the signatures that are none, are refused."""
    (draft.folder / "data" / "attest" / "notes.txt").write_text("x")
    with pytest.raises(IntegrityError):
        read_draft(draft.folder)
    (draft.folder / "data" / "attest" / "notes.txt").unlink()
    (draft.folder / "data" / "link").symlink_to("/etc/passwd")
    with pytest.raises(IntegrityError):
        read_draft(draft.folder)


def test_an_expert_signs_once(draft: Draft, keys: Path) -> None:
    """A second signature is refused, the first one stays; an id that is none is refused."""
    i18n.use("en")
    before = sign_draft(draft, "E1", keys / "E1").read_bytes()
    again = read_draft(draft.folder)
    with pytest.raises(UsageError, match="E1 has signed"):
        sign_draft(again, "E1", keys / "E1")
    assert before == (draft.folder / "data" / "attest" / "expert-E1.sig").read_bytes()
    with pytest.raises(UsageError, match="neither chair nor expert"):
        sign_draft(again, "../E1", keys / "E1")


def test_a_draft_is_laid_out_once(archive: Archive, parts: Parts, draft: Draft) -> None:
    """A draft that may be signed already is not written over; it can be dropped."""
    i18n.use("en")
    assert (draft.folder,) == find_drafts(archive, "GM-0001")
    with pytest.raises(ArchiveError, match="expected no draft of this revision yet"):
        lay_draft(archive, parts.record, parts.files)
    drop_draft(draft)
    assert find_drafts(archive, "GM-0001") == ()
    assert lay_draft(archive, parts.record, parts.files).is_dir()


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text + b"\n",
        lambda text: text[:-1],
        lambda text: b"\xef\xbb\xbf" + text,
        lambda text: text.replace(b"  data/", b" *data/"),
        lambda text: b"".join(sorted(text.splitlines(keepends=True))[::-1]),
        lambda text: text.replace(b"score.json", b"score.jsom"),
        lambda text: text.upper(),
        lambda text: text[:0],
    ],
)
def test_a_statement_has_one_form_only(parts: Parts, change: object) -> None:
    """A statement about other files, in another order or with anything added is refused."""
    assert callable(change)
    files = {**parts.files, "record.json": parts.record.canonical()}
    statement = make_statement(files)
    digests = {line[66:]: line[:64] for line in statement.decode().splitlines()}
    file = Path("r1/data/attest/statement.sums")
    check_statement(statement, digests, file)
    with pytest.raises(IntegrityError):
        check_statement(change(statement), digests, file)


def test_chair_and_experts_sign_and_scribes_do_not(parts: Parts) -> None:
    """Whose ids count is read from the panel; one that cannot be read is named as the caller calls it."""
    panel = parts.files["panel.yaml"] + b"  - {id: E3, name: x, role: scribe}\n"
    assert {"E1", "E2"} == members(panel, "2026-self", "panel")
    for wrong in (b"", panel + b"  - {id: E4}\n", panel.replace(b"2026-self", b"2025-self")):
        with pytest.raises(IntegrityError, match=r"^panel"):
            members(wrong, "2026-self", "panel")


def test_a_draft_with_a_signature_of_a_stranger_is_refused(draft: Draft, keys: Path) -> None:
    """Whoever puts a signature into a draft past the verb is no expert by that."""
    signature = sign_draft(draft, "E1", keys / "E1")
    signature.rename(signature.with_name("expert-E9.sig"))
    with pytest.raises(IntegrityError, match=r"expert-E9\.sig"):
        read_draft(draft.folder)
