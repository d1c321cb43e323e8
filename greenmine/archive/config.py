"""`archive.yaml`: the archive's name, its operator, who is asked for time stamps, and which witnesses are expected.

    schema: greenmine.archive/1
    origin: greenmine/demo
    operator: {principal: archive@demo, key: ../keys/operator}
    timestamp: {url: "http://tsa.example/tsr"}          # or {command: [program, argument, …]}
    witnesses: [province@demo]

All of it may be left out; what would need it is then not proven, and that is said. Paths are relative to the archive's
folder; the operator's private key must lie outside of it. The file is the operator's own and is read by the verbs that
make checkpoints; verifying a record never runs the command in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from greenmine.archive.layout import Archive
from greenmine.archive.notary import Operator
from greenmine.archive.signers import PRINCIPAL
from greenmine.archive.timestamp import Authority
from greenmine.catalog.strict_yaml import YamlDocument, described, load_yaml
from greenmine.errors import ArchiveError, shown
from greenmine.i18n import gettext as _

SCHEMA: Final = "greenmine.archive/1"
_KEYS: Final = ("schema", "origin", "operator", "timestamp", "witnesses")


@dataclass(frozen=True, slots=True)
class Config:
    """What `archive.yaml` says beside the archive's name.

    Attributes:
        operator: who signs checkpoints; None where nobody does.
        authority: who is asked for time stamps; None where nobody is.
        witnesses: principals whose signatures are expected on checkpoints.
    """

    operator: Operator | None = None
    authority: Authority | None = None
    witnesses: tuple[str, ...] = ()


def read_config(archive: Archive) -> Config:
    """Return the configuration of an archive; an empty one where there is no file.

    Raises:
        ArchiveError: the file is no strict YAML, or says something else than what is described above.
    """
    if not archive.config.is_file():
        return Config()
    document = load_yaml(archive.config, ArchiveError)
    _known(document, (), _KEYS)
    schema = document.data.get("schema", SCHEMA)
    if schema != SCHEMA:
        raise _bad(document, ("schema",), SCHEMA, schema)
    return Config(_operator(archive, document), _authority(document), _witnesses(document))


def _operator(archive: Archive, document: YamlDocument) -> Operator | None:
    if "operator" not in document.data:
        return None
    entry = _mapping(document, ("operator",), ("principal", "key"))
    for name in ("principal", "key"):
        if not isinstance(entry.get(name), str) or not entry[name]:
            raise _bad(document, ("operator", name), _("text"), entry.get(name))
    if not PRINCIPAL.fullmatch(entry["principal"]):
        raise _bad(document, ("operator", "principal"), _("a name such as archive@example"), entry["principal"])
    key = (archive.root / Path(entry["key"]).expanduser()).resolve()
    if key.is_relative_to(archive.root.resolve()):
        hint = _("An archive is copied and handed on; a private key in it would be too.")
        raise _bad(document, ("operator", "key"), _("a key outside of the archive"), entry["key"], hint)
    return Operator(entry["principal"], key)


def _authority(document: YamlDocument) -> Authority | None:
    if "timestamp" not in document.data:
        return None
    entry = _mapping(document, ("timestamp",), ("url", "command"))
    url, command = entry.get("url", ""), entry.get("command", [])
    if bool(url) == bool(command):
        raise _bad(document, ("timestamp",), _("either url or command"), entry)
    if not isinstance(url, str) or (url and not url.startswith(("http://", "https://"))):
        raise _bad(document, ("timestamp", "url"), _("an address, http:// or https://"), url)
    if not isinstance(command, list) or not all(isinstance(word, str) for word in command):
        raise _bad(document, ("timestamp", "command"), _("a list: program and arguments"), command)
    return Authority(url, tuple(command))


def _witnesses(document: YamlDocument) -> tuple[str, ...]:
    entry = document.data.get("witnesses", [])
    if not isinstance(entry, list):
        raise _bad(document, ("witnesses",), _("a list of names"), entry)
    for number, name in enumerate(entry):
        if not isinstance(name, str) or not PRINCIPAL.fullmatch(name):
            raise _bad(document, ("witnesses", number), _("a name such as province@example"), name)
    return tuple(entry)


def _mapping(document: YamlDocument, path: tuple[str, ...], known: Sequence[str]) -> dict[str, Any]:
    entry = document.data[path[0]]
    if not isinstance(entry, dict):
        raise _bad(document, path, _("a mapping"), entry)
    _known(document, path, known)
    return entry


def _known(document: YamlDocument, path: tuple[str, ...], known: Sequence[str]) -> None:
    entry = document.data[path[0]] if path else document.data
    for name in entry:
        if name not in known:
            expected = _("one of {values}").format(values=", ".join(known))
            raise ArchiveError(document.file, document.place_of((*path, name)), expected=expected, found=shown(name))


def _bad(
    document: YamlDocument, path: tuple[str | int, ...], expected: str, found: object, hint: str = ""
) -> ArchiveError:
    return ArchiveError(document.file, document.place_of(path), expected=expected, found=described(found), hint=hint)
