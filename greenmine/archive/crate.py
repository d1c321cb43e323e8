"""RO-Crate metadata: what is in an assessment bag, for programs that look for research data.

`ro-crate-metadata.json` describes one run (Process Run Crate): the engine took findings and catalog and gave a score.
It is for being found, never for being believed: digests are in the bag's manifests.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from greenmine.archive.engine import FILE_NAME as ENGINE
from greenmine.archive.record import Record
from greenmine.files import canonical_json

FILE_NAME: Final = "ro-crate-metadata.json"

_TYPES: Final = {
    "html": "text/html",
    "ipynb": "application/x-ipynb+json",
    "json": "application/json",
    "jsonl": "application/jsonl",
    "pyz": "application/zip",
    "sig": "text/plain",
    "sums": "text/plain",
    "yaml": "application/yaml",
}
_INPUTS: Final = ("findings.json", "catalog.resolved.json")
_RESULTS: Final = ("score.json", "report.html", "report.ipynb")
_PROFILE: Final = "https://w3id.org/ro/wfrun/process/0.5"


def crate_metadata(record: Record, names: Collection[str]) -> bytes:
    """Return `ro-crate-metadata.json`, the same bytes for the same record and files.

    Args:
        record: what the bag is about.
        names: paths of its payload files below `data/`.
    """
    from rocrate.model import ContextEntity  # noqa: PLC0415 - late: needed when sealing only
    from rocrate.rocrate import ROCrate  # noqa: PLC0415

    crate = ROCrate(version="1.1")
    crate.name = f"{record.mine} {record.assessment} r{record.revision}"
    crate.description = f"Green mine assessment against {record.catalog.id}@{record.catalog.version}"
    crate.root_dataset["identifier"] = f"{record.mine}/r{record.revision}"
    crate.root_dataset["datePublished"] = record.sealed_on
    crate.root_dataset["conformsTo"] = {"@id": _PROFILE}
    crate.add(ContextEntity(crate, _PROFILE, {"@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"}))
    files: dict[str, Any] = {}
    for name in sorted({*names, ENGINE}):
        properties: dict[str, Any] = {
            "name": name,
            "encodingFormat": _TYPES.get(name.rpartition(".")[2], "application/octet-stream"),
        }
        if name == ENGINE:
            properties |= {"@type": ["File", "SoftwareApplication"], "softwareVersion": record.engine.version}
        files[name] = crate.add_file(dest_path=name, properties=properties)
    crate.add_action(
        files[ENGINE],
        identifier="#scoring",
        object=[files[name] for name in _INPUTS if name in files],
        result=[files[name] for name in _RESULTS if name in files],
        properties={"name": "Scoring", "endTime": record.sealed_on},
    )
    return canonical_json(crate.metadata.generate())
