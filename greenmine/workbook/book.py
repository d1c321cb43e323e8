"""The workbook: one assessment of one mine, and the pieces of its report.

`Workbook.open` reads a mine's folder and scores it; nothing is computed afterwards. Each method returns one piece of
HTML (`Html`), in the order of the report; a notebook calls one method per cell and holds no logic of its own. The same
inputs give the same pieces, byte for byte: no time of day, no host name and no path is in them.

Opened live, in JupyterLab as `greenmine lab` starts it, prerequisites and categories are forms instead of pieces.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache, cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from greenmine import __version__
from greenmine.assessment import Panel, load_assessment
from greenmine.assessment.assessment import Assessment
from greenmine.assessment.earlier import Earlier, earlier_assessments
from greenmine.assessment.signoff import Signed, complete, digests, signed
from greenmine.catalog import Catalog, load_catalog
from greenmine.evidence import (
    Inventory,
    MineProfile,
    cached_inventory,
    evidence_warnings,
    read_profile,
    recent_inventory,
)
from greenmine.files import canonical_json, sha256_hex
from greenmine.i18n import language
from greenmine.scoring import Scorer, canonical
from greenmine.workbook import words
from greenmine.workbook.cards import Deck, citing
from greenmine.workbook.comparison import compared
from greenmine.workbook.deltas import Deltas, compare_scores
from greenmine.workbook.exhibits import Exhibits
from greenmine.workbook.handed_down import handed_down
from greenmine.workbook.html import Html, render, speaking
from greenmine.workbook.live import live_style
from greenmine.workbook.rectification import tasks
from greenmine.workbook.rescored import Rescored, rescore
from greenmine.workspace import Workspace

if TYPE_CHECKING:
    from greenmine.workbook.desk import Signer
    from greenmine.workbook.forms import Library

RECORD_TYPE = "application/vnd.greenmine.digests+json"
GALLERY = 48

LIVE: Final = "GREENMINE_LIVE"
"""The environment variable that asks for forms: `greenmine lab` sets it to 1."""

SESSION: Final = "JPY_SESSION_NAME"
"""What a Jupyter server sets for the kernels of its notebooks, and for nothing else that runs under it."""


@dataclass(frozen=True, repr=False)
class Workbook:
    """One assessment, read and scored.

    Attributes:
        record: the assessment as it was read.
        folder: the mine's folder.
        catalog: the catalog it was scored by.
        mine: the profile of the mine.
        inventory: the files in its folder.
        panel: who assessed it.
        findings: what they recorded, schema `greenmine.findings/1`.
        score: what follows from it, schema `greenmine.score/1`.
        warnings: of the evidence: the place and what is the matter, each.
        lang: the language of the pieces, `zh` or `en`.
        earlier: the earlier assessments of the mine, the latest first.
        signed: the sign-offs of the panel's members.
        rescored: where the facts were recorded by another version of the indicators: what they were scored by it.
        library: what the forms share; None where pieces are shown.
    """

    record: Assessment
    folder: Path
    catalog: Catalog
    mine: MineProfile
    inventory: Inventory
    panel: Panel
    findings: dict[str, Any]
    score: dict[str, Any]
    warnings: tuple[tuple[str, str], ...] = ()
    lang: str = "zh"
    earlier: tuple[Earlier, ...] = ()
    signed: tuple[Signed, ...] = ()
    rescored: Rescored | None = None
    library: Library | None = None

    @classmethod
    def open(
        cls,
        mine: str,
        assessment: str = "",
        *,
        catalog: str,
        readings: Mapping[str, str] | None = None,
        lang: str = "zh",
        carried_from: str = "",
        workspace: Workspace | None = None,
        live: bool | None = None,
        signer: Signer | None = None,
    ) -> Workbook:
        """Read a mine's folder and score it.

        Args:
            mine: the id of a mine in the workspace, or the path of a mine's folder.
            assessment: the id of the assessment; the latest where it is empty.
            catalog: `ID@VERSION`, or the path of a catalog file.
            readings: choices of readings that differ from the catalog's defaults.
            lang: the language of the pieces, `zh` or `en`.
            carried_from: the catalog that the facts were recorded by, where it is another one: they are carried over.
            workspace: where to look; the one around the working directory by default.
            live: whether to show forms; where it is not given, in the notebooks of `greenmine lab` and nowhere else.
            signer: what signs with a member's key where somebody signs off in the forms.

        Raises:
            GreenmineError: something of it is not there or not as it should be.
        """
        with speaking(lang):
            workspace = workspace or Workspace.find()
            live = (os.environ.get(LIVE) == "1" and SESSION in os.environ) if live is None else live
            folder = workspace.mine_dir(mine)
            found = load_catalog(catalog, workspace)
            given = {"readings": readings, "lang": lang, "carried_from": carried_from}
            book = None if live else handed_down(folder, assessment, found.sha256, **given)
            if book is not None:
                return book
            profile = read_profile(folder)
            inventory = cached_inventory(folder) if live else recent_inventory(folder)
            record = load_assessment(folder, assessment or None, inventory)
            scorer = _scorer(found)
            again = None
            if carried_from:
                again = rescore(record.findings, carried_from, found, workspace=workspace, readings=readings)
                record = replace(record, findings=again.findings)
            score = scorer.score(record.findings, readings, str(folder))
            earlier: tuple[Earlier, ...] = ()  # by another version there is nothing to compare with
            if again is None:
                earlier = earlier_assessments(folder, record.panel, scorer, inventory=inventory, readings=readings)
            doubts = evidence_warnings(profile, inventory, record.findings, catalog=found.document)
            warnings = [(doubt.place, doubt.message) for doubt in doubts]
            warnings += [(notice.place, notice.message) for notice in record.warnings]
            library = None
            if live and not carried_from:
                from greenmine.workbook.forms import open_library  # noqa: PLC0415 - late: reports need no widgets

                library = open_library(
                    folder, record.id, catalog=catalog, readings=readings, lang=lang, workspace=workspace, signer=signer
                )
            return cls(
                record=record,
                folder=folder,
                catalog=found,
                mine=profile,
                inventory=inventory,
                panel=record.panel,
                findings=record.findings,
                score=score,
                warnings=tuple(warnings),
                lang=lang,
                earlier=earlier,
                signed=signed(record.findings, record.panel, digests(record, found.sha256, score, inventory.sha256)),
                rescored=again,
                library=library,
            )

    @property
    def id(self) -> str:
        """The id of the assessment."""
        return str(self.findings["assessment"]["id"])

    @cached_property
    def digests(self) -> dict[str, str]:
        """SHA-256 of the canonical catalog, findings and score, and of the list of evidence."""
        return {
            "catalog": self.catalog.sha256,
            "evidence": self.inventory.sha256,
            "findings": sha256_hex(self.documents["findings"]),
            "score": sha256_hex(self.documents["score"]),
        }

    @cached_property
    def documents(self) -> dict[str, bytes]:
        """Findings and score in their RFC 8785 form, as they are archived."""
        return {"findings": canonical_json(self.findings), "score": canonical(self.score)}

    # ---- what the pieces share ---------------------------------------------------------------------------------------

    @cached_property
    def _exhibits(self) -> Exhibits:
        with speaking(self.lang):
            return Exhibits(self.folder, self.inventory, citing(self.findings))

    @cached_property
    def _deck(self) -> Deck:
        people = {member.id: member.name for member in self.panel.members}
        with speaking(self.lang):
            return Deck(self.catalog.document, self.findings, self.score, self._exhibits, people)

    def _piece(self, template: str, **values: object) -> Html:
        with speaking(self.lang):
            return render(
                template,
                template,
                words=words,
                catalog=self.catalog.document,
                score=self.score,
                assessment=self.findings["assessment"],
                message="message" if language() == "zh" else "message_en",
                exhibits=self._exhibits,
                **values,
            )

    def _repr_mimebundle_(self, **_kwargs: object) -> dict[str, str]:
        """Show a line saying what is open and bring the style of the pieces, except where a report is being made."""
        if os.environ.get(LIVE) == "0":
            return {"text/plain": repr(self)}
        opened = self._piece("opened", mine=self.mine)
        return {"text/html": f"<style>{live_style()}</style>\n{opened.markup}", "text/plain": repr(self)}

    def __repr__(self) -> str:
        return f"<greenmine: {self.mine.id} {self.id}>"

    # ---- the pieces, in the order of the report ----------------------------------------------------------------------

    def cover(self) -> Html:
        """Return the head of the report: title, what was assessed by what, and the verdict."""
        return self._piece("cover", mine=self.mine, panel=self.panel)

    def verdict(self) -> Html:
        """Return the conclusion: reasons, the categories with their bars, counts."""
        bars = [_percent(row["converted"], row["points"]) for row in self.score["categories"]]
        total, exact = self.score["total"], self.score["total_exact"]
        rounded = total is not None and Fraction(total) != Fraction(exact)
        return self._piece("verdict", bars=bars, block=self._block(), rounded=rounded)

    def _block(self) -> Mapping[str, Any] | None:
        industry = self.findings["mine"]["industry"]
        blocks = self.catalog.document["blocks"]
        return next((block for block in blocks if industry in block["industries"]), None)

    def sensitivity(self) -> Html:
        """Return the verdict under the other readings of the official text (口径敏感性)."""
        return self._piece("sensitivity", texts=self.catalog.document.get("reading_texts", {}))

    @cached_property
    def changes(self) -> Deltas | None:
        """What scoring by this version instead of the earlier one changes; None where nothing was carried over."""
        if self.rescored is None:
            return None
        sides = (self.rescored.older.document, self.rescored.before), (self.catalog.document, self.score)
        return compare_scores(*sides, self.rescored.mapping)

    def deltas(self) -> Html:
        """Return what this version changes, by cause, where the facts were carried over from another one."""
        if self.changes is None:
            return self._piece("not_rescored")
        return self._piece("deltas", newer=self.catalog, rescored=self.rescored, deltas=self.changes)

    def profile(self) -> Html:
        """Return the mine: the fields of the application form, its licences, its own introduction."""
        return self._piece("profile", mine=self.mine)

    def header(self) -> Html:
        """Return the header of the forms, which says how the whole stands; nothing where there are no forms."""
        if self.library:
            return self.library.header()
        return Html("", "header")

    def prerequisites(self) -> Html:
        """Return the prerequisites (先决条件), each with its record, or their form."""
        if self.library:
            return self.library.form("prerequisites")
        return self._piece("prerequisites", gates=self._deck.gates)

    def summary(self) -> Html:
        """Return one table of all indicators with points and status."""
        elsewhere = sum(row["status"] == "not_in_block" for row in self.score["indicators"])
        return self._piece("summary", categories=self._deck.categories, elsewhere=elsewhere, block=self._block())

    def category(self, number: int) -> Html:
        """Return the section, or the form, of the category (一级指标) that is `number`th in the catalog, from 1 on."""
        return self.categories(number, number)

    def categories(self, first: int = 1, last: int | None = None) -> Html:
        """Return a section for each category (一级指标) with the card of each of its indicators, or their form.

        Args:
            first: the first category to show, from 1 on.
            last: the last one; the catalog's last where it is not given.
        """
        if self.library:
            return self.library.form(*(row["id"] for row in self.score["categories"][first - 1 : last]))
        return self._piece("categories", categories=self._deck.categories[first - 1 : last])

    def not_applicable(self) -> Html:
        """Return the list of indicators that do not apply (不涉及项), with reason, proof and who confirmed it."""
        cards = [card for card in self._deck.cards if card.status == "not_applicable"]
        return self._piece("not_applicable", cards=cards)

    def rectification(self) -> Html:
        """Return the rectification list (整改清单)."""
        with speaking(self.lang):
            found = tasks(self._deck, self.warnings)
        return self._piece("rectification", tasks=found)

    def evidence(self) -> Html:
        """Return the list of the mine's files, and the photos that no card shows."""
        records = [gate.record for gate in self._deck.gates] + [card.record for card in self._deck.cards]
        shown = {citation.exhibit for record in records if record for citation in record.photos}
        photos = [exhibit for exhibit in self._exhibits.all if exhibit.photo and exhibit not in shown]
        return self._piece("evidence", photos=photos[:GALLERY], more=max(0, len(photos) - GALLERY))

    def comparison(self) -> Html:
        """Return what came out differently in earlier assessments of the mine (前后评价对照)."""
        with speaking(self.lang):
            found = compared(self.earlier, self.catalog.document, self.findings, self.score)
        return self._piece("comparison", compared=found)

    def signatures(self) -> Html:
        """Return the panel, who of it signed off, and the places where its members sign by hand."""
        with speaking(self.lang):
            told = {one.by: one.text for one in self.signed}
        withdrawn = {one["by"]: one for one in self.findings["assessment"].get("withdrawn", ())}
        pledges = tuple(dict.fromkeys(one.pledge for one in self.signed if one.valid))
        done = complete(self.panel, self.signed)
        return self._piece(
            "signatures", panel=self.panel, told=told, withdrawn=withdrawn, pledges=pledges, complete=done
        )

    def provenance(self) -> Html:
        """Return what the report was made from and how to check it: digests, readings, versions."""
        piece = self._piece(
            "provenance",
            digests=self.digests,
            software=software(),
            files=len(self.inventory.items),
            texts=self.catalog.document.get("reading_texts", {}),
            changed=self._changed_readings(),
        )
        return Html(piece.markup, piece.name, {RECORD_TYPE: self.digests})

    def _changed_readings(self) -> list[str]:
        """Return the readings in force that are not the catalog's default, as the scorer takes them."""
        defaults = {name: entry["default"] for name, entry in self.catalog.document["readings"].items()}
        return [f"{name}={choice}" for name, choice in self.score["readings"].items() if choice != defaults.get(name)]


_scorers: dict[str, Scorer] = {}


def _scorer(catalog: Catalog) -> Scorer:
    """Return the scorer of a catalog, which is made once; many mines are scored by the same."""
    if catalog.sha256 not in _scorers:
        _scorers[catalog.sha256] = Scorer(catalog.document)
    return _scorers[catalog.sha256]


@cache
def software() -> dict[str, str]:
    """Return the versions of what makes the pieces; not to be changed."""
    named = {"greenmine": __version__, "Python": platform.python_version()}
    return named | {name: version(name) for name in ("Pillow", "Jinja2")}


def _percent(part: str | None, whole: str) -> str:
    """Return the share as the width of a bar, one decimal; nothing is nothing."""
    if part is None or not Fraction(whole):
        return "0%"
    share = min(Fraction(part) / Fraction(whole), Fraction(1))
    return f"{round(share * 1000) / 10:g}%"
