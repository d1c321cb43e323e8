"""Draws for spot checks: frozen, fixed by a checkpoint, drawn after a public event, replaced on declared grounds."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from archives import clock, make_archive
from programmes import draft, entered

from greenmine import i18n
from greenmine.archive.draws import FRAME, FrameMine, Replacement, frame_files, outcome, seal_draw
from greenmine.archive.layout import Archive
from greenmine.archive.notary import make_checkpoint
from greenmine.archive.pins import Pins
from greenmine.archive.recover import recover
from greenmine.archive.sampling import Drawn
from greenmine.archive.verify import verify
from greenmine.errors import ArchiveError, CatalogError, IntegrityError, UsageError
from greenmine.files import canonical_json
from greenmine.programme.draw import State, freeze, listed, make_frame, read_draw, replace, run
from greenmine.programme.plan import Plan, load_plan
from greenmine.programme.programme import Programme, load_programme
from greenmine.programme.register import fold
from greenmine.workspace import Workspace, shared_dir

FROZEN = dt.datetime(2026, 6, 25, 1, tzinfo=dt.UTC)
EVENT = dt.datetime(2026, 7, 1, 13, 15, tzinfo=dt.UTC)
DRAWN = EVENT + dt.timedelta(hours=12)
SEED = "2026075 03 08 11 19 24 31 07"
STOCK = Path(__file__).resolve().parents[2] / "greenmine" / "archive" / "stock"
LISTS = {
    **{f"GM-{number:04}": "national" for number in range(22)},
    **{f"GM-{number:04}": "provincial" for number in range(22, 112)},
}


def plan(**fields: Any) -> Plan:
    """Return a plan for the yearly spot check."""
    document = {
        "schema": "greenmine.draw.plan/1",
        "draw": "2026-spot",
        "programme": "national-2024",
        "as_of": "2026-06-24",
        "event": "中国福利彩票双色球第2026075期",
        "event_at": "2026-07-01T21:15",
        "seed_like": "0000000 00 00 00 00 00 00 00",
        "key_mines": {"GM-0003": "群众举报", "GM-0050": "上年整改"},
        "team": 2,
        "inspectors": {f"I-{number}": f"检查人员{number}" for number in range(1, 9)},
        "conflicts": [{"mine": f"GM-{number:04}", "inspector": "I-2", "reason": "亲属任职"} for number in range(112)],
        "replacements": {"closed": "抽签后停产关闭", "ill": "检查人员因病"},
        **fields,
    }
    return Plan.model_validate(document)


@pytest.fixture(scope="module")
def programme() -> Programme:
    """The national programme, whose clause eight (16) asks for at least 10 %."""
    return load_programme("national-2024", Workspace(shared_dir()))


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """An archive with something in it."""
    return make_archive(tmp_path / "reports")


def frozen(archive: Archive, programme: Programme, **fields: Any) -> None:
    """Freeze a frame and fix it by a checkpoint."""
    frame, mines = make_frame(plan(**fields), programme, LISTS, by="省厅", on=FROZEN)
    freeze(archive, frame, mines, FROZEN)
    make_checkpoint(archive, clock=clock(FROZEN + dt.timedelta(hours=1)))


def drawn(archive: Archive, programme: Programme, **fields: Any) -> State:
    """Freeze, fix and draw."""
    frozen(archive, programme, **fields)
    return run(archive, "2026-spot", SEED, by="省厅", on=DRAWN)


def failures(archive: Archive) -> list[tuple[str, str]]:
    """Return what does not hold in an archive: the check, and the file's name."""
    result = verify(archive, Pins.of(archive.trust, own=True))
    return [(one.check, Path(one.file).name) for one in result.failures]


def test_quotas_are_ceiled_per_list(archive: Archive, programme: Programme) -> None:
    """自然资规〔2024〕1号 八（十六）, at least 10 %: of 22 national mines 3, of 90 provincial 9; 2 key mines on top."""
    state = drawn(archive, programme)
    assert [("national", 22, 3), ("provincial", 90, 9)] == [
        (one.name, one.mines, one.quota) for one in state.frame.strata
    ]
    assert state.outcome is not None
    assert 12 == len(state.outcome.mines)
    assert not {"GM-0003", "GM-0050"} & {one.record for one in state.outcome.mines}
    assert 28 == len(state.outcome.teams)
    assert "自然资规〔2024〕1号 八（十六）" == state.frame.rule


@pytest.mark.parametrize(("ratio", "count", "quota"), [("0.1", 112, 12), ("0.2", 51, 11)])
def test_the_quota_of_a_list_is_rounded_up(programme: Programme, ratio: str, count: int, quota: int) -> None:
    """ceil(10 % of 112) = 12; 20 % of 51, as Shanxi's notice 二（二）2 asks for, is 11."""
    lists = {f"GM-{number:04}": "provincial" for number in range(count)}
    wanted = plan(ratio=ratio, key_mines={}, conflicts=[])
    frame, _mines = make_frame(wanted, programme, lists, by="省厅", on=FROZEN)
    assert [quota] == [one.quota for one in frame.strata]


def test_strata_have_their_own_ratios(programme: Programme) -> None:
    """30/15/5 % of 10 large, 20 medium, 40 small mines are 3, 3 and 2; a mine without a stratum is refused."""
    i18n.use("en")
    assert programme.draw is not None
    rule = programme.draw.model_copy(
        update={"ratio": None, "per": "stratum", "strata": {"large": "0.3", "medium": "0.15", "small": "0.05"}}
    )
    other = programme.model_copy(update={"draw": rule})
    sizes = {f"GM-{n:04}": "large" if n < 10 else "medium" if n < 30 else "small" for n in range(70)}
    lists = dict.fromkeys(sizes, "provincial")
    wanted = plan(strata=sizes, key_mines={}, conflicts=[])
    frame, _mines = make_frame(wanted, other, lists, by="省厅", on=FROZEN)
    assert [3, 3, 2] == [one.quota for one in frame.strata]
    with pytest.raises(UsageError, match="ratios for large, medium, small"):
        make_frame(plan(ratio="0.5", conflicts=[]), other, lists, by="省厅", on=FROZEN)
    sizes.pop("GM-0000")
    with pytest.raises(UsageError, match=r"GM-0000.*expected one of large, medium, small"):
        make_frame(plan(strata=sizes, key_mines={}), other, lists, by="省厅", on=FROZEN)


def test_inspectors_with_a_conflict_are_never_drawn(archive: Archive, programme: Programme) -> None:
    """I-2, excluded for every mine, is in no team; the reason stays in the frame."""
    state = drawn(archive, programme)
    assert state.outcome is not None
    assert "I-2" not in {one.record for one in state.outcome.teams}
    assert {"亲属任职"} == {one.reason for one in state.frame.conflicts}


def test_the_draw_is_repeated_with_stock_tools(archive: Archive, programme: Programme) -> None:
    """The commands in VERIFY.md print drawn.txt and then teams.txt, byte for byte, whatever inspectors are called."""
    people = {name: name for name in ("I-1", "I-2", "I-3", "team", "quota")}
    drawn(archive, programme, inspectors=people)
    text = (STOCK / "VERIFY.md").read_text("utf-8")
    section = text[text.index("重做双随机抽查的抽签") :]
    commands = "\n".join(line[4:] for line in section[: section.index("\n## ")].splitlines() if line.startswith("    "))
    folder = archive.place("bags/draw/2026-spot")
    again = commands.replace("/tmp/drawn", f"{archive.staging}/drawn")  # noqa: S108 - the text of the instructions
    done = subprocess.run(
        ["sh", "-c", again], cwd=folder, capture_output=True, check=True, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}
    )
    files = [(folder / "r2" / "data" / name).read_bytes() for name in ("drawn.txt", "teams.txt")]
    assert b"".join(files) == done.stdout


@pytest.mark.parametrize("name", ["r1/data/mines.txt", "r1/data/frame.json", "r1/manifest-sha256.txt"])
def test_a_frame_that_was_tampered_with_is_not_drawn_from(archive: Archive, programme: Programme, name: str) -> None:
    """Whoever strikes their mine out between checkpoint and seed gets no draw."""
    frozen(archive, programme)
    file = archive.place("bags/draw/2026-spot").joinpath(*name.split("/"))
    file.chmod(0o644)
    file.write_bytes(file.read_bytes().replace(b"GM-0000 national -\n", b"").replace(b"0", b"1", 1))
    for attempt in (
        lambda: run(archive, "2026-spot", SEED, by="省厅", on=DRAWN),
        lambda: read_draw(archive, "2026-spot"),
    ):
        with pytest.raises(IntegrityError):
            attempt()
    assert not archive.place("bags/draw/2026-spot/r2").exists()


def test_a_ledger_that_was_written_anew_is_not_drawn_from(archive: Archive, programme: Programme) -> None:
    """Frame and ledger can be forged together; the checkpoint before the event tells."""
    frozen(archive, programme)
    checkpoints = archive.root / "checkpoints"
    other = make_archive(archive.root.parent / "other")
    frame, mines = make_frame(plan(key_mines={}), programme, LISTS, by="省厅", on=FROZEN)
    freeze(other, frame, mines, FROZEN)
    shutil.rmtree(other.root / "checkpoints")
    shutil.copytree(checkpoints, other.root / "checkpoints")
    with pytest.raises(IntegrityError, match=r"checkpoint|检查点"):
        run(other, "2026-spot", SEED, by="省厅", on=DRAWN)


def test_a_draw_that_is_gone_from_the_disk_is_not_made_again(archive: Archive, programme: Programme) -> None:
    """The ledger names it, so that another seed does not help."""
    drawn(archive, programme)
    shutil.rmtree(archive.place("bags/draw/2026-spot/r2"))
    with pytest.raises(IntegrityError):
        run(archive, "2026-spot", "another", by="省厅", on=DRAWN)


def test_a_frame_is_frozen_and_drawn_once(archive: Archive, programme: Programme) -> None:
    """Neither a second frame nor a second draw of the same id is accepted, whatever the seed."""
    i18n.use("en")
    drawn(archive, programme)
    frame, mines = make_frame(plan(), programme, LISTS, by="省厅", on=FROZEN)
    with pytest.raises(UsageError, match="a frame is fixed once"):
        freeze(archive, frame, mines, FROZEN)
    with pytest.raises(UsageError, match="was drawn on 2026-07-02"):
        run(archive, "2026-spot", "another", by="省厅", on=DRAWN)


def test_the_seed_comes_after_the_frame(archive: Archive, programme: Programme) -> None:
    """An event that is over cannot be named; before the event nobody draws; a checkpoint after it comes too late."""
    i18n.use("en")
    with pytest.raises(UsageError, match="is over"):
        make_frame(plan(), programme, LISTS, by="省厅", on=DRAWN)
    frame, mines = make_frame(plan(), programme, LISTS, by="省厅", on=FROZEN)
    freeze(archive, frame, mines, FROZEN)
    with pytest.raises(UsageError, match=r"is on 2026-07-01 21:15 \(UTC\+8\)"):
        run(archive, "2026-spot", SEED, by="省厅", on=EVENT - dt.timedelta(seconds=1))
    make_checkpoint(archive, clock=clock(EVENT))
    with pytest.raises(UsageError, match="No checkpoint fixed the frame"):
        run(archive, "2026-spot", SEED, by="省厅", on=DRAWN)


@pytest.mark.parametrize("seed", ["", " 1", "a\nb", "\x00", "1" * 501])
def test_a_seed_is_a_line_of_text(archive: Archive, programme: Programme, seed: str) -> None:
    """What could not be typed into a shell again is refused."""
    frozen(archive, programme)
    with pytest.raises(UsageError):
        run(archive, "2026-spot", seed, by="省厅", on=DRAWN)


@pytest.mark.parametrize("seed", [SEED.replace(" ", ","), SEED.replace("03", "3"), SEED.replace("1", "１"), SEED[:-1]])
def test_a_known_result_cannot_be_tried_in_several_spellings(archive: Archive, programme: Programme, seed: str) -> None:
    """The frame fixed how the seed is written; who types it does not choose."""
    i18n.use("en")
    frozen(archive, programme)
    with pytest.raises(UsageError, match="written otherwise"):
        run(archive, "2026-spot", seed, by="省厅", on=DRAWN)
    assert run(archive, "2026-spot", SEED.replace("31", "30"), by="省厅", on=DRAWN).outcome


def test_a_plan_may_draw_from_some_of_the_lists(programme: Programme) -> None:
    """山西二（二）2: the province draws from its lists, a city from its own."""
    i18n.use("en")
    steps = [draft(programme, "mine/GM-1", "carry_provincial", "2026-01-05")]
    steps.append(draft(programme, "mine/GM-2", "carry_national", "2026-01-05"))
    register, day = fold(entered(steps), programme), dt.date(2026, 2, 1)
    assert {"GM-1": "provincial", "GM-2": "national"} == listed(register, day)
    assert {"GM-1": "provincial"} == listed(register, day, ["provincial"])
    with pytest.raises(UsageError, match=r"municipal.*national, provincial"):
        listed(register, day, ["municipal"])


def test_a_replacement_is_the_next_ticket(archive: Archive, programme: Programme) -> None:
    """On a declared ground the next of the same list comes in, with a team of its own; the rest stays."""
    before = drawn(archive, programme)
    assert before.outcome is not None
    gone = before.outcome.mines[0]
    given = {"ground": "closed", "document": "停产通知〔2026〕8号", "by": "省厅", "on": DRAWN}
    after = replace(archive, "2026-spot", gone.record, **given)  # type: ignore[arg-type]
    assert after.outcome is not None
    come = {one.record for one in after.outcome.mines} - {one.record for one in before.outcome.mines}
    assert {gone.record} == {one.record for one in before.outcome.mines} - {one.record for one in after.outcome.mines}
    (one,) = [mine for mine in after.outcome.mines if mine.record in come]
    assert gone.stratum == one.stratum
    assert 2 == sum(who.stratum == one.record for who in after.outcome.teams)
    sick = after.outcome.teams[0]
    given = {"ground": "ill", "document": "病假条", "by": "省厅", "on": DRAWN}
    last = replace(archive, "2026-spot", sick.stratum, inspector=sick.record, **given)  # type: ignore[arg-type]
    assert last.outcome is not None
    assert sick not in last.outcome.teams
    assert last.outcome.mines == after.outcome.mines
    assert last == read_draw(archive, "2026-spot")
    assert [] == failures(archive)


def test_other_replacements_are_refused(archive: Archive, programme: Programme) -> None:
    """Not before the draw, not on a ground that was not declared, not of who was not drawn, not of a key mine."""
    i18n.use("en")
    frozen(archive, programme)
    given = {"document": "-", "by": "省厅", "on": DRAWN}
    with pytest.raises(UsageError, match="was not drawn yet"):
        replace(archive, "2026-spot", "GM-0000", ground="closed", **given)  # type: ignore[arg-type]
    state = run(archive, "2026-spot", SEED, by="省厅", on=DRAWN)
    assert state.outcome is not None
    mine = state.outcome.mines[0].record
    with pytest.raises(UsageError, match="no ground declared before the draw: expected one of closed, ill"):
        replace(archive, "2026-spot", mine, ground="friend", **given)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="GM-0003 was not drawn at random"):
        replace(archive, "2026-spot", "GM-0003", ground="closed", **given)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="“I-2” was not drawn"):
        replace(archive, "2026-spot", mine, inspector="I-2", ground="ill", **given)  # type: ignore[arg-type]


def test_what_was_sealed_is_checked_again(archive: Archive, programme: Programme) -> None:
    """`greenmine verify` draws again; that the frame was there before the event needs a time stamp, and it says so."""
    drawn(archive, programme)
    result = verify(archive, Pins.of(archive.trust, own=True))
    assert () == tuple(result.failures)
    assert any(one.code.startswith("draw.time.") and one.unproven for one in result.remarks)
    assert 0 == script(archive).returncode


def script(archive: Archive) -> subprocess.CompletedProcess[str]:
    """Run verify.sh on an archive."""
    command = ["sh", str(STOCK / "verify.sh"), "-a", str(archive.root)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_draw_with_another_outcome_is_found(archive: Archive, programme: Programme) -> None:
    """Who seals a draw in which a mine was exchanged is told by the check, also by verify.sh."""
    frozen(archive, programme)
    other = make_archive(archive.root.parent / "other")
    state = drawn(other, programme)
    folder = other.place("bags/draw/2026-spot/r2") / "data"
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert state.draw is not None
    entry = read_draw(archive, "2026-spot").framed
    ref = {"bag": entry.bag, "tagmanifest": entry.digest}
    draw = state.draw.model_copy(update={"frame": state.draw.frame.model_copy(update=ref)})
    files["draw.json"] = draw.canonical()
    lines = files["drawn.txt"].splitlines(keepends=True)
    files["drawn.txt"] = b"0" * 64 + lines[0][64:] + b"".join(lines[1:])
    seal_draw(archive, "2026-spot", 2, files, DRAWN)
    assert [("draw.outcome", "drawn.txt")] == failures(archive)
    assert "bags/draw/2026-spot/r2/data/drawn.txt" in script(archive).stderr


def test_a_draw_by_another_spelling_is_found(archive: Archive, programme: Programme) -> None:
    """Whoever seals a draw by the same numbers written otherwise, whose tickets suited better."""
    frozen(archive, programme)
    state, seed = read_draw(archive, "2026-spot"), SEED.replace(" ", "-")
    found = outcome(state.frame, state.mines, seed)
    other = make_archive(archive.root.parent / "other")
    made = drawn(other, programme).draw
    assert made is not None
    ref = {"bag": state.framed.bag, "tagmanifest": state.framed.digest}
    draw = made.model_copy(update={"frame": made.frame.model_copy(update=ref)})
    seal_draw(archive, "2026-spot", 2, {"draw.json": draw.canonical(), "seed.txt": seed.encode(), **found.files}, DRAWN)
    assert ("draw.outcome", "seed.txt") in failures(archive)


def test_a_frame_with_a_smaller_quota_cannot_be_made(archive: Archive, programme: Programme) -> None:
    """The quota is checked to be the share rounded up, and the lists to be those counted."""
    frame, mines = make_frame(plan(), programme, LISTS, by="省厅", on=FROZEN)
    text = frame.canonical().replace(b'"quota":9', b'"quota":8')
    files = {**frame_files(frame, mines), FRAME: text}
    seal_draw(archive, "2026-spot", 1, files, FROZEN)
    assert [("draw.frame", FRAME)] == failures(archive)
    with pytest.raises(ValueError, match="strata"):
        freeze(archive, frame, (*mines, FrameMine("GM-9999", "national", key=False)), FROZEN)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"ratio": "0.05"}, "asks for at least 0.1"),
        ({"key_mines": {"GM-9999": "x"}}, "GM-9999.*on no list"),
        ({"conflicts": [{"mine": "GM-0001", "inspector": "I-9", "reason": "x"}]}, "I-9"),
        ({"conflicts": [{"mine": "GM-00001", "inspector": "I-1", "reason": "x"}]}, "GM-00001.*on no list"),
        ({"strata": {"GM-0001": "large"}}, "ratios for whole lists"),
        ({"as_of": "2026-06-26"}, "2026-06-26 are not known yet"),
        ({"as_of": "2026-03-30"}, "2026-03-30 are more than 92 days older"),
        ({"team": 8}, "GM-0000 only 7 inspectors"),
        ({"programme": "other"}, "has no rule"),
    ],
)
def test_a_plan_that_cannot_be_followed_is_refused(programme: Programme, fields: dict[str, Any], message: str) -> None:
    """Less than the rule, unknown mines or people, and teams too large are told before anything is frozen."""
    i18n.use("en")
    with pytest.raises(UsageError, match=message):
        make_frame(plan(**fields), programme, LISTS, by="省厅", on=FROZEN)


def test_lists_may_be_a_quarter_of_a_year_old(programme: Programme) -> None:
    """八（十六）, 每年: no source says how old; 92 days before the event are allowed, 93 are not."""
    frame, _mines = make_frame(plan(as_of="2026-03-31"), programme, LISTS, by="省厅", on=FROZEN)
    assert "2026-03-31" == frame.as_of


def test_nothing_is_drawn_from_empty_lists(programme: Programme) -> None:
    """Without a mine on a list there is no draw."""
    i18n.use("en")
    with pytest.raises(UsageError, match="No mine is on a list"):
        make_frame(plan(key_mines={}), programme, {}, by="省厅", on=FROZEN)


def test_who_is_responsible_has_to_be_named(programme: Programme) -> None:
    """An empty name is refused with its key."""
    i18n.use("en")
    with pytest.raises(ArchiveError, match="by"):
        make_frame(plan(), programme, LISTS, by=" ", on=FROZEN)


def test_a_plan_is_a_strict_file(tmp_path: Path) -> None:
    """A misspelt key and a day that is none are refused with file and line."""
    i18n.use("en")
    file = tmp_path / "plan.yaml"
    text = (
        'schema: greenmine.draw.plan/1\ndraw: 2026-spot\nprogramme: national-2024\nas_of: "2026-06-24"\n'
        'event: 掷骰\nevent_at: "2026-07-01T09:00+08:00"\nteam: 2\nseed_like: "1 2 3"\n'
    )
    file.write_text(text, "utf-8")
    assert dt.datetime(2026, 7, 1, 1, tzinfo=dt.UTC) == load_plan(file).at
    for wrong in (
        text.replace("team", "teams"),
        text.replace("07-01T", "07-41T"),
        text.replace("event:", "even:"),
        text.replace("1 2 3", "x"),
    ):
        file.write_text(wrong, "utf-8")
        with pytest.raises(CatalogError, match=r"plan\.yaml, line"):
            load_plan(file)


# ---- what is sealed by others ----------------------------------------------------------------------------------------


def resealed(archive: Archive, programme: Programme, run_: int = 2, **changed: Any) -> list[tuple[str, str]]:
    """Freeze, then seal a draw as somebody would who changes some fields; return what the check finds."""
    frozen(archive, programme)
    other = make_archive(archive.root.parent / "other")
    drawn(other, programme)
    folder = other.place("bags/draw/2026-spot/r2") / "data"
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    entry = read_draw(archive, "2026-spot").framed
    document = json.loads(files["draw.json"])
    document["frame"] = {"bag": entry.bag, "tagmanifest": entry.digest}
    document |= changed
    document["run"] = run_
    seal_draw(archive, "2026-spot", run_, {**files, "draw.json": canonical_json(document)}, DRAWN)
    return failures(archive)


GIVEN = {"ground": "closed", "document": "x", "on": "2026-07-02T01:00:00Z", "inspector": ""}


@pytest.mark.parametrize(
    ("run_", "changed"),
    [
        (2, {"draw": "other"}),
        (2, {"frame": {"bag": "bags/draw/2026-spot/r1", "tagmanifest": "0" * 64}}),
        (2, {"checkpoint": 9}),
        (2, {"replacements": [{**GIVEN, "mine": "GM-0003"}]}),
        (2, {"replacements": [{**GIVEN, "mine": "GM-0000", "ground": "friend"}]}),
        (3, {}),
        (4, {}),
    ],
)
def test_a_draw_that_does_not_follow_is_found(
    archive: Archive, programme: Programme, run_: int, changed: dict[str, Any]
) -> None:
    """Another id, a frame that was not sealed, no such checkpoint, replacements that are not allowed, a gap."""
    found = resealed(archive, programme, run_, **changed)
    assert ("draw.outcome", "draw.json") in found


def test_a_replacement_with_another_seed_is_found(archive: Archive, programme: Programme) -> None:
    """A later bag cannot bring another seed in: it has to go on from the one before by one replacement."""
    state = drawn(archive, programme)
    assert state.draw is not None
    assert state.outcome is not None
    mine = state.outcome.mines[0].record
    one = Replacement(mine=mine, ground="closed", document="x", on="2026-07-02T01:00:00Z")
    later = state.draw.model_copy(update={"run": 3, "replacements": (one,)})
    others = (f"{SEED[:-2]}{number:02}" for number in range(99) if not SEED.endswith(f"{number:02}"))
    seed = next(seed for seed in others if mine in {who.record for who in mines_of(state, seed)})
    files = outcome(state.frame, state.mines, seed, (one,)).files
    made = {"draw.json": later.canonical(), "seed.txt": seed.encode(), **files}
    seal_draw(archive, "2026-spot", 3, made, DRAWN)
    assert [("draw.outcome", "draw.json")] == failures(archive)


def mines_of(state: State, seed: str) -> tuple[Drawn, ...]:
    """Return the mines that another seed draws from the same frame."""
    return outcome(state.frame, state.mines, seed).mines


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        (FRAME, b'"draw":"2026-spot"', b'"draw":"2026-spat"'),
        (FRAME, b'"GM-0003":', b'"GM-0004":'),
        ("mines.txt", b"GM-0000 national -", b"GM-0000 national !"),
        ("mines.txt", b"GM-0000 national -", b"GM-0000 provincial -"),
        ("inspectors.txt", b"I-8\n", b""),
        ("conflicts.txt", b"GM-0000 I-2\n", b""),
    ],
)
def test_a_frame_that_does_not_agree_with_itself_is_found(
    archive: Archive, programme: Programme, name: str, old: bytes, new: bytes
) -> None:
    """Another id, key mine, mark, list, inspector or conflict than the rest of the frame says."""
    frame, mines = make_frame(plan(), programme, LISTS, by="省厅", on=FROZEN)
    files = frame_files(frame, mines)
    assert old in files[name]
    seal_draw(archive, "2026-spot", 1, {**files, name: files[name].replace(old, new)}, FROZEN)
    assert ["draw.frame"] == [check for check, _file in failures(archive)]


def test_a_draw_cut_off_before_the_ledger_is_recovered(archive: Archive, programme: Programme) -> None:
    """Frame and draw that are whole and in no ledger are entered by recovery; one without its frame is set aside."""
    drawn(archive, programme)
    whole = archive.ledger.read_bytes()
    lines = whole.splitlines(keepends=True)
    first = make_archive(archive.root.parent / "first")
    shutil.copytree(archive.bags / "draw", first.bags / "draw", dirs_exist_ok=True)
    recover(first, clock=lambda: DRAWN)
    assert lines == first.ledger.read_bytes().splitlines(keepends=True)
    second = make_archive(archive.root.parent / "second")
    shutil.copytree(archive.bags / "draw" / "2026-spot" / "r2", second.bags / "draw" / "2026-spot" / "r2")
    recover(second, clock=lambda: DRAWN)
    assert b"" == second.ledger.read_bytes()
    assert not (second.bags / "draw" / "2026-spot" / "r2").exists()
