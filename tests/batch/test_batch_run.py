"""A run over a list: what is sealed, what is left alone, what fails and why."""

from __future__ import annotations

import datetime as dt
import errno
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
import pytest
from batches import each_once, make_workspace, sealed
from mines import ASSESSMENT, make_mine

from greenmine.archive.layout import Archive
from greenmine.archive.pins import Pins
from greenmine.archive.refold import refold
from greenmine.archive.verify import verify
from greenmine.archive.withdrawal import withdraw
from greenmine.batch import job, pool
from greenmine.batch.job import Job, do, job_key
from greenmine.batch.process import MIB, Limits
from greenmine.batch.run import DONE, Finished, notebook_parameters, run_list
from greenmine.batch.runlist import Run, read_list
from greenmine.batch.runner import NOTEBOOK, assess
from greenmine.batch.sealing import Sealed, seal, seal_produced
from greenmine.batch.warm import Warm
from greenmine.cli.main import main
from greenmine.errors import ArchiveError, UsageError
from greenmine.files import read_json
from greenmine.workbook import Workbook
from greenmine.workspace import Workspace

COUNT = 4


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, list[Finished]]:
    """A list of mines, done once; the second of them cannot be read."""
    workspace = make_workspace(tmp_path_factory.mktemp("run") / "w", COUNT)
    spoil(workspace, "M-02")
    return workspace, run(workspace)


@pytest.fixture
def copy(done: tuple[Workspace, list[Finished]], tmp_path: Path) -> Workspace:
    """That workspace at another place, to be changed."""
    shutil.copytree(done[0].root, tmp_path / "w", symlinks=True)
    return Workspace(tmp_path / "w")


def spoil(workspace: Workspace, mine: str) -> None:
    (workspace.evidence / mine / "mine.yaml").write_text("industry: coal\n", "utf-8")


def rows(workspace: Workspace, name: str = "list.csv") -> tuple[Run, ...]:
    return read_list(workspace.root / name, notebook_parameters(workspace), workspace)


def run(workspace: Workspace, runs: Sequence[Run] = (), limits: Limits | None = None) -> list[Finished]:
    """Do the rows, two at a time, and return what came of them in the order of the list."""
    options = {"limits": limits} if limits else {}
    return sorted(run_list(runs or rows(workspace), workspace, workers=2, **options), key=lambda one: one.run.number)


def states(finished: Sequence[Finished]) -> list[str]:
    return [one.state for one in finished]


def test_one_bad_mine_does_not_stop_the_others(done: tuple[Workspace, list[Finished]]) -> None:
    """It fails with the reason that names its file; the others are in the archive, which holds."""
    workspace, finished = done
    assert ["sealed", "failed", "sealed", "sealed"] == states(finished)
    assert "M-02/mine.yaml" in finished[1].failure
    assert ("", 2) == (finished[1].bag, finished[1].exit_status)
    assert [("pass", "95.07")] * 3 == [(one.verdict, one.total) for one in finished if one.bag]
    assert sorted(one.bag for one in finished if one.bag) == sorted(sealed(workspace))
    archive = Archive.open(workspace.reports, read_only=True)
    assert verify(archive, Pins.of(archive.trust, own=True)).first is None


def test_a_record_is_what_assessing_alone_gives(done: tuple[Workspace, list[Finished]]) -> None:
    """Byte for byte, whoever computed it."""
    alone = assess("M-03", workspace=done[0])
    bag = done[0].reports / done[1][2].bag / "data"
    assert {name: (bag / name).read_bytes() for name in alone.files} == alone.files


@pytest.mark.parametrize("edited", [False, True])
def test_what_its_worker_folded_again_is_not_folded_by_who_seals(
    copy: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    edited: bool,  # noqa: FBT001
) -> None:
    """Unless a byte of it is another by then; and what does not follow from what is there is refused."""
    folded: list[object] = []

    def counted(*args: Any, **options: Any) -> bytes:
        folded.append(args)
        return refold(*args, **options)

    monkeypatch.setattr("greenmine.archive.seal.refold", counted)
    make_mine(copy.evidence, mine="M-99", photos=False)
    [outcome] = do(Job(Run(1, "M-99", rows(copy, "list.csv")[2].parameters), copy.root))
    assert outcome.made
    archive = Archive.open(copy.reports)
    panel = copy.evidence / "M-99" / "assessments" / ASSESSMENT / "panel.yaml"
    if edited:
        panel.write_text(panel.read_text("utf-8").replace("kind: third_party", "kind: self"), "utf-8")
        with pytest.raises(ArchiveError, match=r"assessment\.kind"):
            seal_produced(archive, outcome.made.book, outcome.made.files, folded=outcome.made.folded)
        assert 1 == len(folded)
    else:
        assert seal_produced(archive, outcome.made.book, outcome.made.files, folded=outcome.made.folded).new
        assert not folded


def test_no_worker_has_two_mines_while_another_has_none(tmp_path: Path) -> None:
    """Two mines whose notebooks wait for each other come to an end."""
    workspace = make_workspace(tmp_path / "w", 2)
    met = tmp_path / "met"
    met.mkdir()
    notebook = nbformat.read(workspace.notebook(NOTEBOOK), 4)
    lines = [
        "import pathlib, time",
        f"met = pathlib.Path({str(met)!r})",
        "(met / mine[-4:]).touch()",
        "while len(list(met.iterdir())) < 2: time.sleep(0.01)",
    ]
    notebook.cells.append(nbformat.v4.new_code_cell("\n".join(lines), id="wait"))
    (workspace.root / "notebooks").mkdir()
    nbformat.write(notebook, workspace.root / "notebooks" / NOTEBOOK)
    assert ["sealed", "sealed"] == states(run(workspace, limits=Limits(seconds=60)))


def test_what_goes_wrong_beside_the_jobs_is_told(copy: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run does not end as if all were well where a worker cannot even be started."""

    def full() -> Warm:
        raise OSError(errno.EMFILE, "Too many open files")

    shutil.rmtree(copy.reports)
    monkeypatch.setattr(pool, "take", full)
    with pytest.raises(OSError, match="Too many open files"):
        run(copy)


def test_what_changed_while_it_was_computed_is_left_to_who_seals(copy: Workspace) -> None:
    """A worker vouches for nothing that is no longer there as it was read."""
    row = rows(copy)[2]
    book = Workbook.open(row.mine, workspace=copy, **row.parameters)
    assert job._folded(book)
    profile = copy.evidence / row.mine / "mine.yaml"
    profile.write_text(f"{profile.read_text('utf-8')}# later\n", "utf-8")
    assert "" == job._folded(book)


def test_what_is_sealed_is_not_done_again(copy: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is computed for it: the key is known. What failed is tried again."""
    spoiled = copy.evidence / "M-02"
    shutil.rmtree(spoiled)
    make_mine(copy.evidence, mine="M-02", photos=False)
    sealing: list[object] = []

    def counted(*args: Any, **options: str) -> Sealed:
        sealing.append(args)
        return seal_produced(*args, **options)

    monkeypatch.setattr("greenmine.batch.run.seal_produced", counted)
    assert ["unchanged", "sealed", "unchanged", "unchanged"] == states(run(copy))
    assert 1 == len(sealing)
    assert each_once(copy, COUNT)


@pytest.mark.parametrize("left", ["", '["M-01", "2026-te', "null\n[1]\n{}\n"])
def test_without_the_file_of_keys_every_record_is_still_sealed_once(copy: Workspace, left: str) -> None:
    """It saves work and decides nothing; a line that was cut short is passed over."""
    before = sealed(copy)
    (copy.root / DONE).write_text(left, "utf-8")
    assert ["unchanged", "failed", "unchanged", "unchanged"] == states(run(copy))
    assert before == sealed(copy)


def test_what_the_file_of_keys_says_counts_only_while_it_is_in_force(copy: Workspace) -> None:
    """Withdrawn, superseded, or of another archive: the outcome is the same with the file and without it."""
    archive = Archive.open(copy.reports)
    withdraw(archive, "bags/assess/M-01/r1", reason="报告有误", by="甲", on=dt.datetime(2026, 7, 1, tzinfo=dt.UTC))
    catalog = str(rows(copy)[2].parameters["catalog"])
    seal("M-03", workspace=copy, catalog=catalog, readings={"na_fold": "zero"}, reason="x")
    (copy.root / "list.csv").write_text("mine,reason\nM-01,again\nM-03,\nM-04,\n", "utf-8")
    lost = Workspace(copy.root.parent / "lost")
    shutil.copytree(copy.root, lost.root)
    (lost.root / DONE).unlink()
    for place in (copy, lost):
        found = run(place)
        assert ["sealed", "failed", "unchanged"] == states(found)
        assert "bags/assess/M-01/r2" == found[0].bag
        assert "bags/assess/M-03/r2" in found[1].failure


def test_a_draft_that_waits_is_sealed_only_where_it_is_what_was_computed(copy: Workspace) -> None:
    """Else the row fails and names it; numbers that were not sealed are never told."""
    run_ = rows(copy)[2]
    (copy.evidence / "M-03" / "LATE.TXT").write_text("late", "utf-8")
    options: dict[str, Any] = {"catalog": run_.parameters["catalog"], "reason": "补充"}
    draft = seal("M-03", workspace=copy, draft=True, readings={"na_fold": "zero"}, **options)
    (copy.root / "list.csv").write_text("mine,reason\nM-03,x\n", "utf-8")
    [one] = run(copy)
    assert ("failed", 2) == (one.state, one.exit_status)
    assert draft.folder.name in one.failure
    shutil.rmtree(draft.folder)
    draft = seal("M-03", workspace=copy, draft=True, **options)
    [one] = run(copy)
    assert ("sealed", "bags/assess/M-03/r2") == (one.state, one.bag)
    record = read_json(copy.reports / one.bag / "data" / "record.json")
    assert "补充" == record["reason"]
    assert not draft.folder.exists()


def test_what_has_changed_needs_a_reason(copy: Workspace) -> None:
    """With one it becomes the next revision; the other mines stay as they are."""
    (copy.evidence / "M-01" / "LATE.TXT").write_text("late", "utf-8")
    assert ["failed", "failed", "unchanged", "unchanged"] == states(found := run(copy))
    assert "--reason" in found[0].failure
    (copy.root / "list.csv").write_text("mine,reason\nM-01,new evidence\nM-03,\n", "utf-8")
    assert ["bags/assess/M-01/r2", "bags/assess/M-03/r1"] == [one.bag for one in run(copy)]


@pytest.mark.parametrize("left", [None, "", "[]", "{}"])
def test_a_row_whose_sealed_score_is_damaged_fails(copy: Workspace, left: str | None) -> None:
    """It names the file, and the others are told as they were sealed."""
    score = copy.reports / "bags/assess/M-01/r1/data/score.json"
    score.unlink()
    if left is not None:
        score.write_text(left, "utf-8")
    found = run(copy)
    assert ["failed", "failed", "unchanged", "unchanged"] == states(found)
    assert ("score.json" in found[0].failure, 1) == (True, found[0].exit_status)
    assert [("pass", "95.07")] * 2 == [(one.verdict, one.total) for one in found[2:]]


def test_a_record_that_is_damaged_fails_its_row_only(copy: Workspace) -> None:
    """The file is named; the rest of the list is done."""
    record = copy.reports / "bags/assess/M-01/r1/data/record.json"
    record.chmod(0o644)
    record.write_bytes(record.read_bytes()[:50])
    found = run(copy)
    assert ["failed", "failed", "unchanged", "unchanged"] == states(found)
    assert ("record.json" in found[0].failure, 1) == (True, found[0].exit_status)


def test_a_key_follows_everything_that_the_record_follows_from(copy: Workspace) -> None:
    """Evidence, journals, parameters, the notebook; and nothing else."""
    [first] = [one for one in rows(copy) if one.mine == "M-01"]
    keys = {job_key(copy, first)}
    assert keys == {job_key(copy, first)}
    (copy.evidence / "M-01" / "LATE.TXT").write_text("late", "utf-8")
    keys.add(job_key(copy, first))
    journal = copy.evidence / "M-01" / "assessments" / ASSESSMENT / "journal" / "E1.jsonl"
    journal.write_bytes(journal.read_bytes().rstrip(b"\n").rpartition(b"\n")[0] + b"\n")
    keys.add(job_key(copy, first))
    keys.add(job_key(copy, Run(1, "M-01", {**first.parameters, "lang": "en"})))
    (copy.root / "notebooks").mkdir()
    shutil.copyfile(copy.notebook(NOTEBOOK), copy.root / "notebooks" / NOTEBOOK)
    with (copy.root / "notebooks" / NOTEBOOK).open("a", encoding="utf-8") as stream:
        stream.write("\n")
    keys.add(job_key(copy, first))
    assert 5 == len(keys)


MISCHIEF = {
    "M-01": "while True: pass",
    "M-02": "bytearray(10**11)",
    "M-03": "import os; os._exit(3)",
    "M-04": "print('x' * 10**8)",
    "M-05": "raise KeyError('k')",
    "M-06": "import os; os.kill(os.getppid(), 9)",
}


def test_a_notebook_that_goes_wrong_harms_its_mine_only(tmp_path: Path) -> None:
    """Each fails for its own reason; what ran beside it is sealed."""
    workspace = make_workspace(tmp_path / "w", len(MISCHIEF) + 2)
    notebook = nbformat.read(workspace.notebook(NOTEBOOK), 4)
    mischief = nbformat.v4.new_code_cell(f"import pathlib\nexec({MISCHIEF}.get(pathlib.Path(mine).name, ''))", id="bad")
    notebook.cells.append(mischief)
    (workspace.root / "notebooks").mkdir()
    nbformat.write(notebook, workspace.root / "notebooks" / NOTEBOOK)
    found = run(workspace, limits=Limits(seconds=20, memory=4096 * MIB, output=32 * MIB))
    assert ["failed"] * len(MISCHIEF) + ["sealed"] * 2 == states(found)
    for one, reason in zip(found, ("20", "4096", "3", "32", "KeyError", ""), strict=False):
        assert reason in one.failure, one.failure
        assert one.run.mine == "M-06" or "bad" in one.failure, one.failure


def test_a_defect_of_the_program_shows_in_one_mine(done: tuple[Workspace, list[Finished]]) -> None:
    """As a failure, not as the end of the run."""
    [outcome] = do(Job(Run(1, "M-01", {"assessment": ASSESSMENT, "catalog": None}), done[0].root))
    assert "AttributeError" in outcome.failure or "TypeError" in outcome.failure
    assert 2 == outcome.exit_status


def test_who_stops_reading_stops_the_run(done: tuple[Workspace, list[Finished]]) -> None:
    """No process stays behind."""
    jobs = [Job(one, done[0].root) for one in rows(done[0])]
    before = set(threading.enumerate())
    with pool.local(jobs, 2) as results:
        first, outcome = next(results)
    assert first in jobs
    assert outcome.key or outcome.failure
    assert set() == set(threading.enumerate()) - before


def test_the_command_prints_a_summary(
    copy: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Which failed and why, and the exit status says that some did; JSON is one line each; quiet is quiet."""
    monkeypatch.chdir(copy.root)
    (copy.root / "list.yaml").write_text(
        "defaults: {lang: zh}\nruns: [{mine: M-01}, {mine: M-02}, {mine: M-03}, {mine: M-04}]\n", "utf-8"
    )
    assert 2 == main(["batch", "list.yaml", "--lang", "en", "--workers", "2"])
    printed, bar = capsys.readouterr()
    assert "4 mines: 0 sealed, 3 unchanged, 1 failed" in printed
    assert "M-02" in printed
    assert "mine.yaml" in "".join(printed.split()), "a long path is folded over lines"
    assert "" == bar
    assert 2 == main(["batch", "list.csv", "--json", "--workers", "2"])
    documents = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    score = ("unchanged", "pass", "95.07")
    assert {2: score, 3: ("failed", "", None), 4: score, 5: score} == {
        one["row"]: (one["state"], one["verdict"], one["total"]) for one in documents
    }
    (copy.root / "list.csv").write_text("mine\nM-01\n", "utf-8")
    assert 0 == main(["batch", "list.csv", "--quiet", "--workers", "1", "--timeout", "200", "--memory", "4096"])
    assert ("", "") == capsys.readouterr()


@pytest.mark.parametrize(
    "options",
    [["--shard", "3/2"], ["--shard", "0/2"], ["--shard", "x"], ["--workers", "0"]],
)
def test_a_wrong_option_is_refused(
    options: list[str],
    copy: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With its name, before anything is done."""
    monkeypatch.chdir(copy.root)
    assert 2 == main(["batch", "list.csv", *options])
    assert options[0] in capsys.readouterr().err


def test_a_scheduler_that_nobody_runs_is_told_in_one_line(copy: Workspace) -> None:
    """Dask says nothing besides; in a process of its own, for dask leaves a thread in it."""
    code = (
        "import sys; from greenmine.batch import pool; from greenmine.cli.main import main; pool.WAIT = 1; "
        "sys.exit(main(['batch', 'list.csv', '--cluster', 'tcp://127.0.0.1:9']))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=copy.root, capture_output=True, text=True, check=False)
    assert (2, "", 1) == (done.returncode, done.stdout, done.stderr.count("\n")), done.stderr
    assert "tcp://127.0.0.1:9" in done.stderr


def test_a_cluster_without_dask_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to install."""
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(UsageError, match=r"greenmine\[cluster\]"), pool.cluster([], "tcp://x"):
        pass


@pytest.mark.parametrize("address", ["foo", "http://127.0.0.1:1", "tcp://", "tcp://host"])
def test_what_is_no_address_of_a_scheduler_is_refused_at_once(
    copy: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], address: str
) -> None:
    """One message; dask is not asked, which would wait and then say more than one."""
    monkeypatch.chdir(copy.root)
    assert 2 == main(["batch", "list.csv", "--cluster", address])
    said = capsys.readouterr().err
    assert address in said
    assert 1 == said.count("\n")


@pytest.mark.parametrize("limit", [("--timeout", "4"), ("--memory", "512")])
def test_limits_that_a_stock_kernel_does_not_keep_are_refused(
    copy: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], limit: tuple[str, str]
) -> None:
    """A limit that is given holds, or the command says that it cannot."""
    monkeypatch.chdir(copy.root)
    assert 2 == main(["batch", "list.csv", "--engine", "kernel", *limit])
    assert "--timeout" in capsys.readouterr().err


def test_a_mine_whose_panel_cannot_be_read_fails_with_its_file(copy: Workspace) -> None:
    """And its line; nobody is said to have typed what nobody typed."""
    panel = copy.evidence / "M-03" / "assessments" / ASSESSMENT / "panel.yaml"
    panel.write_text("", "utf-8")
    found = run(copy)
    assert ["unchanged", "failed", "failed", "unchanged"] == states(found)
    assert str(panel) in found[2].failure
