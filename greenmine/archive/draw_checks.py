"""Checks of what is inside the bags of a draw; see `greenmine.archive.checks`.

A frame must agree with itself and its quotas be the shares rounded up; a draw must be what frame, seed and replacements
give, and only the next replacement may set it apart from the draw before. That the frame was fixed before the public
event is proven by a time stamp of a checkpoint over it, else it is reported as not proven.
"""

from __future__ import annotations

import datetime as dt

from greenmine.archive.bag import Bag, read_file
from greenmine.archive.checks import MAX_DOCUMENT, Context, content, unreadable
from greenmine.archive.draws import (
    DRAWN,
    FILE_NAME,
    FRAME,
    MINES,
    SEED,
    TEAMS,
    Draw,
    Frame,
    FrameMine,
    check_frame,
    frame_files,
    is_like,
    outcome,
    parse_mines,
)
from greenmine.archive.layout import draw_bag
from greenmine.archive.ledger import LedgerEntry
from greenmine.archive.record import read_document
from greenmine.archive.verdicts import AUTHENTICITY
from greenmine.errors import IntegrityError, UsageError, shown
from greenmine.i18n import gettext as _


def check_draw(context: Context, entry: LedgerEntry, bag: Bag) -> None:
    """Check that a draw's frame agrees with itself, or that a draw follows from its frame, seed and replacements."""
    if entry.bag.endswith("/r1"):
        with context.collector.check("draw.frame", bag.place(f"data/{FRAME}")):
            _check_frame(entry, bag)
        return
    place = bag.place(f"data/{FILE_NAME}")
    with context.collector.check("draw.outcome", place):
        draw = read_document(Draw, content(bag, f"data/{FILE_NAME}"), place)
        if draw_bag(draw.draw, draw.run) != entry.bag:
            raise IntegrityError(place, "draw", expected=entry.bag, found=draw_bag(draw.draw, draw.run))
        framed = context.entries.get(draw.frame.bag)
        if framed is None or framed.digest != draw.frame.tagmanifest or draw.frame.bag != draw_bag(draw.draw, 1):
            raise IntegrityError(place, "frame", expected=_("the draw's frame in the ledger"), found=draw.frame.bag)
        if not framed.number <= draw.checkpoint < entry.number:
            expected = _("a checkpoint between frame and draw")
            raise IntegrityError(place, "checkpoint", expected=expected, found=str(draw.checkpoint))
        _check_outcome(context, bag, draw)
        _check_before(context, bag, draw)
        _remark_on_time(context, entry, framed, draw)


def _check_frame(entry: LedgerEntry, bag: Bag) -> None:
    place = bag.place(f"data/{FRAME}")
    frame = read_document(Frame, content(bag, f"data/{FRAME}"), place)
    if draw_bag(frame.draw, 1) != entry.bag:
        raise IntegrityError(place, "draw", expected=entry.bag, found=draw_bag(frame.draw, 1))
    mines = _mines(content(bag, f"data/{MINES}"), bag)
    try:
        check_frame(frame, mines)
    except ValueError as problem:
        raise IntegrityError(place, str(problem), expected=_("what the files say"), found=_("another one")) from None
    for name, data in frame_files(frame, mines).items():
        if content(bag, f"data/{name}") != data:
            raise IntegrityError(bag.place(f"data/{name}"), expected=_("what frame.json says"), found=_("another one"))


def _mines(data: bytes, bag: Bag) -> tuple[FrameMine, ...]:
    try:
        return parse_mines(data)
    except ValueError as problem:
        raise unreadable(bag.place(f"data/{MINES}"), str(problem)) from None


def _read_frame(context: Context, draw: Draw, bag: Bag) -> tuple[Frame, tuple[FrameMine, ...]]:
    place = context.archive.place(draw.frame.bag) / "data"
    frame = read_document(Frame, read_file(place / FRAME, MAX_DOCUMENT), place / FRAME)
    return frame, _mines(read_file(place / MINES, MAX_DOCUMENT), bag)


def _check_outcome(context: Context, bag: Bag, draw: Draw) -> None:
    """Make sure that mines and teams are those that frame, seed and replacements give."""
    frame, mines = _read_frame(context, draw, bag)
    place = bag.place(f"data/{FILE_NAME}")
    seed = content(bag, f"data/{SEED}").decode("utf-8", "replace")
    if not is_like(seed, frame.seed_like):
        expected = _("a seed written like {example}").format(example=frame.seed_like)
        raise IntegrityError(bag.place(f"data/{SEED}"), expected=expected, found=shown(seed))
    try:
        files = outcome(frame, mines, seed, draw.replacements).files
    except (UsageError, KeyError) as problem:
        expected = _("replacements that the frame allows")
        raise IntegrityError(place, "replacements", expected=expected, found=shown(str(problem), 200)) from None
    for name in (DRAWN, TEAMS):
        if content(bag, f"data/{name}") != files[name]:
            raise IntegrityError(bag.place(f"data/{name}"), expected=_("what seed and frame give"), found=_("others"))


def _check_before(context: Context, bag: Bag, draw: Draw) -> None:
    """Make sure that a draw is the first, or goes on from the one before by one replacement and with the same seed."""
    place = bag.place(f"data/{FILE_NAME}")
    if draw.run - 2 != len(draw.replacements):
        expected = _("{count} replacements").format(count=draw.run - 2)
        raise IntegrityError(place, "replacements", expected=expected, found=str(len(draw.replacements)))
    if draw.run == 2:  # noqa: PLR2004 - the draw itself; see greenmine.archive.draws
        return
    before = context.entries.get(draw_bag(draw.draw, draw.run - 1))
    if before is None:
        expected = _("the draw before it in the ledger")
        raise IntegrityError(place, "run", expected=expected, found=_("none"))
    folder = context.archive.place(before.bag) / "data"
    earlier = read_document(Draw, read_file(folder / FILE_NAME, MAX_DOCUMENT), folder / FILE_NAME)
    same_seed = read_file(folder / SEED) == content(bag, f"data/{SEED}")
    if not same_seed or earlier.replacements != draw.replacements[:-1] or earlier.checkpoint != draw.checkpoint:
        raise IntegrityError(place, expected=_("the draw before it, and one replacement more"), found=_("another one"))


def _remark_on_time(context: Context, entry: LedgerEntry, framed: LedgerEntry, draw: Draw) -> None:
    """Say so where nothing proves that the frame was there before the public event."""
    folder = context.archive.place(draw.frame.bag) / "data"
    event = read_document(Frame, read_file(folder / FRAME, MAX_DOCUMENT), folder / FRAME).event_at
    since = context.existed(framed.number)
    if since is None or since >= dt.datetime.fromisoformat(event):
        text = _("{bag}: it is not proven that what was drawn from was fixed before the event that gave the seed.")
        context.collector.unproven(f"draw.time.{entry.bag}", AUTHENTICITY, text.format(bag=entry.bag))
