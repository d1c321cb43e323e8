"""What a verification found, as plain frozen data.

Every single thing that was looked at belongs to one of the `CHECKS`, and every check to one of four aspects, in the
order in which archivists put them (DA/T 70): authenticity (真实性), integrity (完整性), availability (可用性), safety
(安全性). A check that does not hold is a `Failure`, which names the file and the reason. What was not proven, and what
is worth knowing, is a `Remark`; remarks do not make a verification fail.

`Collector` keeps them while verifying; `Verification` is the result.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from greenmine.errors import GreenmineError, InputError, UsageError, one_line
from greenmine.files import refusal
from greenmine.i18n import gettext as _

SCHEMA: Final = "greenmine.verification/1"

AUTHENTICITY: Final = "authenticity"
INTEGRITY: Final = "integrity"
AVAILABILITY: Final = "availability"
SAFETY: Final = "safety"
ASPECTS: Final = (AUTHENTICITY, INTEGRITY, AVAILABILITY, SAFETY)
"""The four aspects, in the order of a report."""

CHECKS: Final = {
    "checkpoint.signature": AUTHENTICITY,
    "checkpoint.timestamp": AUTHENTICITY,
    "checkpoint.witness": AUTHENTICITY,
    "catalog.signature": AUTHENTICITY,
    "record.signature": AUTHENTICITY,
    "redaction.signature": AUTHENTICITY,
    "withdrawal.signature": AUTHENTICITY,
    "ledger.form": INTEGRITY,
    "checkpoint.form": INTEGRITY,
    "checkpoint.ledger": INTEGRITY,
    "checkpoint.kept": INTEGRITY,
    "archive.places": INTEGRITY,
    "bag.sealed": INTEGRITY,
    "bag.content": INTEGRITY,
    "evidence.list": INTEGRITY,
    "catalog.digest": INTEGRITY,
    "redaction.files": INTEGRITY,
    "withdrawal.record": INTEGRITY,
    "audit.frame": INTEGRITY,
    "draw.frame": INTEGRITY,
    "register.chain": INTEGRITY,
    "register.journal": INTEGRITY,
    "record.references": INTEGRITY,
    "record.journals": INTEGRITY,
    "catalog.sources": AVAILABILITY,
    "record.parts": AVAILABILITY,
    "record.findings": AVAILABILITY,
    "record.score": AVAILABILITY,
    "audit.draw": AVAILABILITY,
    "audit.results": AVAILABILITY,
    "draw.outcome": AVAILABILITY,
    "report.inert": SAFETY,
    "archive.secrets": SAFETY,
}
"""Every check and its aspect, in the order of a report."""

HOLDS: Final = "holds"
PARTLY: Final = "partly"
UNPROVEN: Final = "unproven"
FAILS: Final = "fails"
STATES: Final = (HOLDS, PARTLY, UNPROVEN, FAILS)
"""All holds; holds, and something is not proven; nothing is proven, nothing wrong; something does not hold."""

MAX_FAILURES: Final = 1000
"""How many failures are kept in detail; further ones are only counted."""


def aspect_title(aspect: str) -> str:
    """Return the name of an aspect in the language in use."""
    return {
        AUTHENTICITY: _("Authenticity"),
        INTEGRITY: _("Integrity"),
        AVAILABILITY: _("Availability"),
        SAFETY: _("Safety"),
    }[aspect]


def check_title(check: str) -> str:
    """Return what a check makes sure of, in the language in use."""
    return {
        "checkpoint.signature": _("the operator signed the checkpoints"),
        "checkpoint.timestamp": _("an authority stamped the operator's signatures"),
        "checkpoint.witness": _("witnesses signed the checkpoints"),
        "catalog.signature": _("an authority signed the catalogs"),
        "record.signature": _("experts' signatures hold and their keys are trusted"),
        "redaction.signature": _("removals of evidence are signed by who may order them"),
        "withdrawal.signature": _("withdrawals of records are signed by who may order them"),
        "ledger.form": _("the ledger is well formed and names each bag once"),
        "checkpoint.form": _("each checkpoint is whole and continues the one before"),
        "checkpoint.ledger": _("the ledger begins with what each checkpoint says of it"),
        "checkpoint.kept": _("the archive continues the checkpoint that the auditor kept"),
        "archive.places": _("nothing lies among the bags but what the ledger names"),
        "bag.sealed": _("each bag is the one in the ledger; no file is added, missing or renamed"),
        "bag.content": _("each file of a bag has the sealed content"),
        "evidence.list": _("evidence is what the mine handed in"),
        "catalog.digest": _("each catalog is the one that its bag names"),
        "catalog.sources": _("each catalog is what its sealed source files resolve to"),
        "redaction.files": _("removals name files that were in the evidence"),
        "withdrawal.record": _("withdrawals name records in the ledger"),
        "audit.frame": _("each audit drew from every record in force at a checkpoint"),
        "register.chain": _("each piece of a register follows the one before it"),
        "register.journal": _("each register's journal is there and begins with what was sealed of it"),
        "draw.frame": _("each spot check draws from a frame that agrees with itself"),
        "draw.outcome": _("the mines and inspectors drawn are those that seed and frame give"),
        "audit.draw": _("the records audited are those that seed and frame give"),
        "audit.results": _("each audit's conclusion follows from its results"),
        "record.references": _("catalog, evidence and the superseded revision are in the ledger"),
        "record.journals": _("journals are unbroken up to the line that the record names"),
        "record.parts": _("record, findings, catalog, score and what was signed can be read and belong together"),
        "record.findings": _("the findings follow from journals, panel and evidence"),
        "record.score": _("the score follows from findings and catalog"),
        "report.inert": _("the report runs nothing and loads nothing from elsewhere"),
        "archive.secrets": _("no private key lies in the archive beside its bags"),
    }[check]


def state_title(state: str) -> str:
    """Return what a state of an aspect is called, in the language in use; a dash where nothing was looked at."""
    return {
        HOLDS: _("all of it holds"),
        PARTLY: _("holds as far as it is proven"),
        UNPROVEN: _("not proven"),
        FAILS: _("does not hold"),
    }.get(state, "–")


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that does not hold.

    Attributes:
        check: which of `CHECKS`.
        file: the file or folder, relative to the archive's root, with `/`.
        reason: why, in a sentence.
    """

    check: str
    file: str
    reason: str

    @property
    def aspect(self) -> str:
        """The aspect it belongs to."""
        return CHECKS[self.check]


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that is not proven, or worth knowing.

    Attributes:
        code: a name for programs.
        aspect: one of `ASPECTS`.
        unproven: whether it says that something is not proven.
        text: a sentence.
    """

    code: str
    aspect: str
    unproven: bool
    text: str


@dataclass(frozen=True, slots=True)
class Tally:
    """How often a check was made.

    Attributes:
        check: which of `CHECKS`.
        held: how often it held.
        failed: how often it did not.
    """

    check: str
    held: int
    failed: int

    @property
    def aspect(self) -> str:
        """The aspect it belongs to."""
        return CHECKS[self.check]


@dataclass(frozen=True, slots=True)
class Proven:
    """How far the archive is proven, in entries of the ledger from the first.

    Attributes:
        entries: how many there are.
        checkpoint: how many the last checkpoint covers that holds.
        signed: how many the last one covers that the operator signed, with a key that is trusted.
        stamped: how many the last one covers whose signature was stamped; and when, as the authority says.
        stamped_at: the time of that stamp, such as `2026-11-21T09:00:00Z`; empty where there is none.
        witnessed: how many the last one covers that a trusted witness signed.
        witnesses: who these are.
    """

    entries: int = 0
    checkpoint: int = 0
    signed: int = 0
    stamped: int = 0
    stamped_at: str = ""
    witnessed: int = 0
    witnesses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verification:
    """The result.

    Attributes:
        archive: the archive's folder, as it was named.
        records: the assessments that were looked at (`GM-0001/r1`), in order of the ledger.
        whole: whether everything was looked at.
        seed: of the sample; empty where there was no draw.
        bags: how many bags were looked at.
        files: how many of their payload files.
        size: how many bytes these have.
        proven: how far the archive is proven.
        tallies: how often each check was made that was made at all, in order of `CHECKS`.
        failures: what does not hold, in the order of discovery: ledger, checkpoints, bags in order of the ledger. So
            the first is the first file that does not hold.
        failed: how many failures there were; `failures` may hold fewer.
        remarks: what is not proven or worth knowing, in order of the aspects.
    """

    archive: str
    records: tuple[str, ...]
    whole: bool
    seed: str
    bags: int
    files: int
    size: int
    proven: Proven
    tallies: tuple[Tally, ...]
    failures: tuple[Failure, ...]
    failed: int
    remarks: tuple[Remark, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing was found that does not hold."""
        return not self.failed

    def state(self, aspect: str) -> str:
        """Return one of `STATES` for an aspect; an empty text where nothing of it was looked at."""
        tallies = [tally for tally in self.tallies if tally.aspect == aspect]
        unproven = any(one.unproven for one in self.remarks if one.aspect == aspect)
        if any(tally.failed for tally in tallies):
            return FAILS
        if not any(tally.held for tally in tallies):
            return UNPROVEN if unproven else ""
        return PARTLY if unproven else HOLDS

    @property
    def first(self) -> Failure | None:
        """The first file that does not hold."""
        return self.failures[0] if self.failures else None

    def document(self) -> dict[str, Any]:
        """Return the result as a JSON document; texts are in the language in which it was verified."""
        proven = {name: getattr(self.proven, name) for name in Proven.__slots__}
        return {
            "schema": SCHEMA,
            "archive": self.archive,
            "holds": self.holds,
            "whole": self.whole,
            **({"seed": self.seed} if self.seed else {}),
            "records": list(self.records),
            "bags": self.bags,
            "files": self.files,
            "bytes": self.size,
            "proven": {**proven, "witnesses": list(self.proven.witnesses)},
            "first": _failure(self.first) if self.first else None,
            "aspects": [
                {
                    "aspect": aspect,
                    "holds": self.state(aspect) != FAILS,
                    "state": self.state(aspect),
                    "checks": [
                        {"check": tally.check, "held": tally.held, "failed": tally.failed}
                        for tally in self.tallies
                        if tally.aspect == aspect
                    ],
                    "failures": [_failure(one) for one in self.failures if one.aspect == aspect],
                    "remarks": [
                        {"code": one.code, "unproven": one.unproven, "text": one.text}
                        for one in self.remarks
                        if one.aspect == aspect
                    ],
                }
                for aspect in ASPECTS
            ],
            "failed": self.failed,
        }


def _failure(one: Failure) -> dict[str, str]:
    return {"check": one.check, "file": one.file, "reason": one.reason}


@dataclass
class Collector:
    """Collects what a verification finds.

    Attributes:
        root: the archive's folder; files below it are named relative to it.
        failures: what does not hold, in the order of discovery.
        failed: how many failures there were.
    """

    root: Path
    failures: list[Failure] = field(default_factory=list)
    failed: int = 0
    _held: dict[str, int] = field(default_factory=dict)
    _failed: dict[str, int] = field(default_factory=dict)
    _remarks: dict[str, Remark] = field(default_factory=dict)

    @contextmanager
    def check(self, check: str, file: object) -> Iterator[None]:
        """Count a check as held where the block ends, as failed where it raises what a damaged archive causes.

        Args:
            check: which of `CHECKS`.
            file: what to name where the error does not name a file.

        Raises:
            UsageError: a program that is needed is not there.
        """
        try:
            yield
        except UsageError:
            raise
        except (GreenmineError, OSError) as problem:
            self.fail(check, problem, file)
        else:
            self.hold(check)

    def hold(self, check: str, count: int = 1) -> None:
        """Count checks that held."""
        self._held[check] = self._held.get(check, 0) + count

    def fail(self, check: str, problem: Exception, file: object) -> None:
        """Keep a failure.

        Args:
            check: which of `CHECKS`.
            problem: what was raised.
            file: what to name where that does not name a file.
        """
        self.failed += 1
        self._failed[check] = self._failed.get(check, 0) + 1
        if len(self.failures) < MAX_FAILURES:
            named = problem.file if isinstance(problem, InputError) else file
            self.failures.append(Failure(check, self.relative(named), self._reason(problem, named)))

    def unproven(self, code: str, aspect: str, text: str) -> None:
        """Keep a remark that something is not proven; the first of a code is kept."""
        self._remarks.setdefault(code, Remark(code, aspect, unproven=True, text=text))

    def note(self, code: str, aspect: str, text: str) -> None:
        """Keep a remark; the first of a code is kept."""
        self._remarks.setdefault(code, Remark(code, aspect, unproven=False, text=text))

    @property
    def tallies(self) -> tuple[Tally, ...]:
        """How often each check was made that was made at all."""
        made = self._held.keys() | self._failed.keys()
        return tuple(Tally(name, self._held.get(name, 0), self._failed.get(name, 0)) for name in CHECKS if name in made)

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """All remarks, in order of the aspects, those that something is not proven first."""
        return tuple(
            sorted(self._remarks.values(), key=lambda one: (ASPECTS.index(one.aspect), not one.unproven, one.code))
        )

    def relative(self, file: object) -> str:
        """Return how a file is named: relative to the root, with `/`, on one line."""
        path = Path(str(file))
        if path.is_relative_to(self.root):
            path = path.relative_to(self.root)
        return one_line(path.as_posix())

    def _reason(self, problem: Exception, file: object) -> str:
        if isinstance(problem, OSError):
            return refusal(problem)
        if isinstance(problem, InputError):
            text = _("expected {expected}, got {found}.").format(expected=problem.expected, found=problem.found)
            place = _("{place}: ").format(place=problem.place) if problem.place else ""
            return one_line(f"{place}{text} {problem.hint}")
        text = str(problem)
        return one_line(text.removeprefix(str(file)).lstrip(":： ") if text.startswith(str(file)) else text)
