"""archive.yaml: read, or refused with the line."""

from __future__ import annotations

from pathlib import Path

import pytest
from archives import make_archive

from greenmine import i18n
from greenmine.archive.config import Config, read_config
from greenmine.archive.layout import Archive
from greenmine.archive.notary import Operator
from greenmine.archive.timestamp import Authority
from greenmine.errors import ArchiveError

WHOLE = """\
schema: greenmine.archive/1
origin: greenmine/demo
operator: {principal: archive@demo, key: ../keys/operator}
timestamp: {url: "http://127.0.0.1:9/tsr"}
witnesses: [province@demo, auditor]
"""


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return make_archive(tmp_path / "reports")


def test_everything_may_be_left_out(archive: Archive) -> None:
    """Without a file, or with nothing but a name, nothing is configured."""
    assert read_config(archive) == Config()
    archive.config.unlink()
    assert read_config(archive) == Config()


def test_a_whole_file_is_read(tmp_path: Path, archive: Archive) -> None:
    """The key's path is relative to the archive, or in the home folder."""
    archive.config.write_text(WHOLE, "utf-8")
    expected = Config(
        Operator("archive@demo", tmp_path / "keys" / "operator"),
        Authority(url="http://127.0.0.1:9/tsr"),
        ("province@demo", "auditor"),
    )
    assert expected == read_config(archive)
    archive.config.write_text("operator: {principal: archive@demo, key: ~/.ssh/id}\ntimestamp: {command: [a, b]}\n")
    assert Path("~/.ssh/id").expanduser() == getattr(read_config(archive).operator, "key", None)
    assert Authority(command=("a", "b")) == read_config(archive).authority


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("schema: greenmine.archive/2\n", "line 1, key schema: expected greenmine.archive/1"),
        ("a: 1\n", "line 1, key a: expected one of schema, origin, operator"),
        ("operator: me\n", "key operator: expected a mapping"),
        ("operator: {principal: me}\n", "key operator.*: expected text, got nothing"),
        ("operator: {principal: me, key: 1}\n", "key operator/key: expected text, got the number 1"),
        ("operator: {principal: 我, key: ../k}\n", "key operator/principal: expected a name"),
        ('operator: {principal: "*", key: ../k}\n', "key operator/principal: expected a name"),
        ("operator: {principal: me, key: ../k, pass: x}\n", "key operator/pass: expected one of principal, key"),
        ("operator: {principal: me, key: trust/k}\n", "expected a key outside of the archive.*handed on"),
        ("operator: {principal: me, key: ../reports/k}\n", "expected a key outside of the archive"),
        ("timestamp: {}\n", "key timestamp: expected either url or command"),
        ('timestamp: {url: "http://a", command: [b]}\n', "expected either url or command"),
        ('timestamp: {url: "file:///etc/passwd"}\n', "key timestamp/url: expected an address"),
        ("timestamp: {url: 7}\n", "key timestamp/url: expected an address"),
        ("timestamp: {command: rm -r}\n", "key timestamp/command: expected a list"),
        ("timestamp: {command: [1]}\n", "key timestamp/command: expected a list"),
        ("witnesses: province\n", "key witnesses: expected a list of names"),
        ("witnesses: [a, b c]\n", "expected a name such as province@example"),
        ("- a\n", "expected a mapping"),
    ],
)
def test_what_is_wrong_is_named(archive: Archive, text: str, said: str) -> None:
    """A key or value that does not belong ends in a message with line and key."""
    i18n.use("en")
    archive.config.write_text(text, "utf-8")
    with pytest.raises(ArchiveError, match=said):
        read_config(archive)
