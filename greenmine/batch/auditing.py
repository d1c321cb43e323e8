"""Making an audit: run its notebook, and seal draw, results and notebook as a bag of the archive.

The draw is made here, before the notebook runs; the notebook draws on its own, and must come to the same records. The
frame has to be fixed by a checkpoint, and the seed to come after it: else whoever runs the archive could choose both.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from greenmine.archive.audits import DRAW, FRAME, RESULTS, Results, draw_text, seal_audit
from greenmine.archive.layout import Archive
from greenmine.archive.record import validated
from greenmine.archive.staging import SealedBag
from greenmine.batch.audit import RESULTS_TYPE, Audit
from greenmine.batch.notebook import archived, read_notebook, report_files, run_notebook
from greenmine.batch.parameters import checked, declared
from greenmine.batch.process import Limits
from greenmine.batch.sealing import Clock, now
from greenmine.errors import IntegrityError, NotebookError, UsageError
from greenmine.i18n import gettext as _
from greenmine.workspace import Workspace

NOTEBOOK = "audit.ipynb"


@dataclass(frozen=True)
class Audited:
    """What came of an audit.

    Attributes:
        bag: where it is sealed.
        folder: the bag's folder.
        audit: the frame and the draw.
        results: what came of the records drawn.
    """

    bag: SealedBag
    folder: Path
    audit: Audit
    results: Results

    @property
    def holds(self) -> bool:
        """Whether no record drawn is defective and each of the frame can be read."""
        return not self.results.defective and not self.audit.unreadable


def make_audit(
    *,
    seed: str,
    name: str = "",
    checkpoint: str = "",
    rate: str = "0.05",
    confidence: str = "0.95",
    strata: Sequence[str] = ("verdict",),
    trust: Path | None = None,
    archive: Path | None = None,
    lang: str = "zh",
    workspace: Workspace | None = None,
    clock: Clock = now,
    progress: bool = False,
) -> Audited:
    """Audit a sample of an archive's records, and seal the audit in it.

    Args:
        seed: from a public event after the checkpoint.
        name: the audit's id; the day by default. A further audit of an id is the next one.
        checkpoint: number of entries of the checkpoint that fixes the frame; the last by default.
        rate: the share of defective records that is to be noticed, a decimal number.
        confidence: with which probability, a decimal number.
        strata: what records are grouped by.
        trust: a folder with the keys that the auditor believes; the archive's own by default.
        archive: the archive; `reports/` of the workspace by default.
        lang: the language of the report, `zh` or `en`.
        workspace: whose notebooks and parameters are used; the one around the working directory by default.
        clock: tells the time of sealing.
        progress: whether to draw a progress bar on standard error.

    Raises:
        UsageError: there is no checkpoint, or a parameter is of another form.
        GreenmineError: the notebook could not be run, or the archive cannot take the audit; nothing is sealed then.
    """
    space = workspace or Workspace.find()
    root = (archive or space.reports).resolve()
    opened = Archive.open(root)
    path = space.notebook(NOTEBOOK)
    source = read_notebook(path)
    given = {"seed": seed, "checkpoint": checkpoint, "rate": rate, "confidence": confidence, "strata": [*strata]}
    places = {"archive": str(root), "trust": str(trust.resolve()) if trust else ""}
    values = checked(declared(source, path), {**given, **places, "lang": lang}, path)
    audit = Audit.open(**values, workspace=space)
    if not audit.fixed:
        raise UsageError(_("No checkpoint fixes what is drawn from: make one first (greenmine checkpoint)."))
    values["checkpoint"] = str(audit.head.entries)
    files = {FRAME: audit.frame_lines, DRAW: draw_text(audit.sample)}
    # however long it takes: many records take many minutes
    ran = run_notebook(
        source, values, name=path.name, cwd=space.root, progress=progress, label=NOTEBOOK, limits=Limits()
    )
    record = archived(ran, {**values, "archive": "", "trust": ""})
    results = _results(record, audit, path.name)
    time = clock()
    about = {
        "origin": audit.contents.origin,
        "frame": {
            "entries": audit.head.entries,
            "bytes": audit.head.size,
            "ledger": audit.head.sha256,
            "records": len(audit.rows),
            "sha256": audit.frame_digest,
        },
        "unreadable": [one.bag for one in audit.unreadable],
        "own_keys": audit.pins.own,
        **{key: values[key] for key in ("seed", "rate", "confidence", "strata")},
    }
    files |= {RESULTS: results.canonical(), **report_files(record)}
    bag = seal_audit(opened, name or f"{time.astimezone(dt.UTC):%Y-%m-%d}", about, files, time)
    return Audited(bag, opened.place(bag.path), audit, results)


def _results(record: Any, audit: Audit, name: str) -> Results:  # noqa: ANN401 - a notebook node
    """Return what the notebook found, of the very records that were drawn here."""
    told = [
        output.data[RESULTS_TYPE]
        for cell in record.cells
        for output in cell.get("outputs", ())
        if RESULTS_TYPE in output.data
    ]
    if len(told) != 1:
        raise NotebookError(name, "", _("not one cell shows the conclusion (audit.conclusion())"))
    results = validated(Results, told[0], name, IntegrityError)
    if [one.record for one in results.examined] != [one.record for one in audit.sample]:
        raise NotebookError(name, "", _("the archive changed while it ran; run it again"))
    return results
