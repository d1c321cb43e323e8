"""Workers: the processes that do the jobs of a run, on this machine or in a cluster.

On this machine each worker is a warm process (`warm.py`), driven by a thread that waits for it. It is given its next
job while it does one, as long as there are enough for everybody. A process that dies is replaced, and its job tried
once more. In a cluster (dask.distributed) a job goes out in a batch to whoever is free there and is done by a warm
process of that worker; the cluster sees to what dies. The workspace has to be at the same place on all machines. Either
way results come back as they are ready, and no faster than they are taken.
"""

from __future__ import annotations

import atexit
import contextlib
import itertools
import logging
import queue
import re
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from typing import Any, ClassVar, Final, Protocol

from greenmine.batch.job import Outcome
from greenmine.batch.process import Stopped
from greenmine.batch.warm import Warm, take, warm_up
from greenmine.errors import GreenmineError, UsageError, shown
from greenmine.i18n import gettext as _
from greenmine.i18n import language, use

BATCH: Final = 50
"""The most jobs that go to a cluster's worker at once."""

AHEAD: Final = 2
"""How many jobs a process has been asked for: one that it does, and the next, for which it need not wait."""

TRIES: Final = 2
WAIT: Final = 20
"""Seconds until a scheduler that does not answer is not there."""

_ADDRESS: Final = re.compile(r"(tcp|tls|ws|wss)://[^\s/]+:[0-9]{1,5}")


class Job(Protocol):
    """What a worker can do.

    Attributes:
        work: `module:name` of a generator function that takes the job and yields its one outcome.
    """

    work: ClassVar[str]


Results = Iterator[tuple[Any, Outcome]]
"""Jobs, as they were given, and what came of them."""


class Worker:
    """A warm process for jobs, replaced when it is used up or gone."""

    def __init__(self) -> None:
        self._warm: Warm | None = None
        self._stopped = False

    def work(self, take_one: Callable[[bool], Job | None]) -> Results:
        """Do jobs; the process has the next one before it is done with the last.

        Args:
            take_one: returns the next job, or None; told whether the process has one already.
        """
        asked: deque[Job] = deque()
        again: deque[Job] = deque()
        tries = 0
        while not self._stopped:
            warm = self._warm if asked else None
            while len(asked) < AHEAD and not (warm and warm.spent):
                job = again.popleft() if again else take_one(bool(asked))
                if job is None:
                    break
                warm = warm or self._usable()
                warm.ask(job.work, job)
                asked.append(job)
            if warm is None:
                return
            try:
                [outcome] = warm.answer()
            except Stopped as problem:
                again, asked = asked + again, deque()  # what it was asked for is asked of another
                tries += 1
                if tries < TRIES:
                    continue
                outcome = Outcome(failure=str(problem), exit_status=GreenmineError.exit_status)
                yield again.popleft(), outcome
            else:
                yield asked.popleft(), outcome
            tries = 0

    def _usable(self) -> Warm:
        warm = self._warm
        if warm is None or not warm.usable:
            self.close()
            warm = self._warm = take()
            if self._stopped:  # while it was started
                warm.kill()
        return warm

    def stop(self) -> None:
        """End the process, and what it is doing, from another thread."""
        self._stopped = True
        warm = self._warm
        if warm is not None:
            warm.kill()

    def close(self) -> None:
        """End the process."""
        warm, self._warm = self._warm, None
        if warm is not None:
            warm.close()


# ---- this machine ----------------------------------------------------------------------------------------------------


class _Crew:
    """Workers, each driven by a thread, and the queue in which what they made waits to be taken."""

    def __init__(self, jobs: Sequence[Job], workers: int) -> None:
        self._ready: queue.Queue[tuple[Job, Outcome] | None] = queue.Queue(2 * workers)
        self._waiting, self._lock, self._enough = deque(jobs), threading.Lock(), threading.Event()
        self._problem: BaseException | None = None
        self._workers = [Worker() for _number in range(min(workers, len(jobs)))]
        warm_up(len(self._workers))
        self._threads = [threading.Thread(target=self._drive, args=(one, language())) for one in self._workers]
        for thread in self._threads:
            thread.start()

    def _drive(self, worker: Worker, lang: str) -> None:
        use(lang)
        try:
            with contextlib.closing(worker):
                for done in worker.work(self._next):
                    self._ready.put(done)
        except BaseException as problem:  # noqa: BLE001 - whoever takes the results is told
            self._problem = problem
        finally:
            self._ready.put(None)

    def _next(self, ahead: bool) -> Job | None:  # noqa: FBT001 - only this file calls it
        """Return a job; ahead of time only while there are enough for everybody."""
        with self._lock:
            if self._enough.is_set() or len(self._waiting) < (len(self._workers) if ahead else 1):
                return None
            return self._waiting.popleft()

    def results(self) -> Results:
        """Yield what was made until all workers are done."""
        left = len(self._workers)
        while left:
            found = self._ready.get()
            if found is None:
                left -= 1
                if self._problem is not None:
                    raise self._problem
            else:
                yield found

    def stop(self) -> None:
        """End the workers, whatever they do, and their threads."""
        self._enough.set()
        for worker in self._workers:
            worker.stop()
        while any(thread.is_alive() for thread in self._threads):
            with contextlib.suppress(queue.Empty):
                self._ready.get(timeout=0.1)  # make room for who still has something to say


@contextmanager
def local(jobs: Sequence[Job], workers: int) -> Iterator[Results]:
    """Do jobs in processes of this machine; the results come in the order in which they are ready."""
    crew = _Crew(jobs, workers)
    try:
        yield crew.results()
    finally:
        crew.stop()


# ---- a cluster -------------------------------------------------------------------------------------------------------

_idle: list[Worker] = []
_free = threading.Lock()


def do_batch(jobs: Sequence[Job], lang: str) -> list[Outcome]:
    """Do jobs in a process beside this one, which is a cluster's worker and has threads."""
    use(lang)
    waiting = iter(jobs)
    with _free:
        worker = _idle.pop() if _idle else Worker()
    try:
        return [outcome for _job, outcome in worker.work(lambda _ahead: next(waiting, None))]
    finally:
        with _free:
            _idle.append(worker)


@atexit.register
def close_idle() -> None:
    """End the processes beside a cluster's worker."""
    with _free:
        while _idle:
            _idle.pop().close()


@contextmanager
def cluster(jobs: Sequence[Job], address: str) -> Iterator[Results]:
    """Do jobs on the workers of a dask scheduler; the results come in the order in which they are ready.

    Raises:
        UsageError: dask.distributed is not installed, nobody answers at the address, or the scheduler went away.
    """
    try:
        import distributed  # noqa: PLC0415 - an optional dependency
    except ModuleNotFoundError:
        text = _("--cluster needs dask.distributed: pip install greenmine[cluster].")
        raise UsageError(text) from None
    if not _ADDRESS.fullmatch(address):
        raise _nobody(address)
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what it has to say is said by an exception too
    try:
        client: Any = distributed.Client(address, timeout=WAIT, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, TypeError, ImportError):
        raise _nobody(address) from None
    try:
        yield _from_cluster(client, distributed, jobs, address)
    finally:
        client.close(timeout=5)


def _nobody(address: str) -> UsageError:
    text = _("--cluster {address}: expected the address of a dask scheduler, tcp://HOST:PORT; none answers there.")
    return UsageError(text.format(address=shown(address)))


def _from_cluster(client: Any, distributed: Any, jobs: Sequence[Job], address: str) -> Results:  # noqa: ANN401
    try:
        client.wait_for_workers(1, timeout=WAIT)
    except TimeoutError:
        text = _("--cluster {address}: the scheduler has no workers.")
        raise UsageError(text.format(address=shown(address))) from None
    slots = sum(client.nthreads().values())
    size = max(1, min(BATCH, len(jobs) // (4 * slots)))
    batches = (jobs[start : start + size] for start in range(0, len(jobs), size))
    running: dict[Any, Sequence[Job]] = {}
    while True:
        for batch in itertools.islice(batches, 2 * slots - len(running)):
            running[client.submit(do_batch, batch, language(), pure=False, retries=TRIES)] = batch
        if not running:
            return
        try:
            done = _outcomes(client, distributed, running)
        except (OSError, CancelledError):
            text = _("--cluster {address}: the scheduler is gone. What was sealed stays; start the run again.")
            raise UsageError(text.format(address=shown(address))) from None
        yield from done


def _outcomes(client: Any, distributed: Any, running: dict[Any, Sequence[Job]]) -> list[tuple[Job, Outcome]]:  # noqa: ANN401
    """Wait a moment for batches and return what came of the jobs of those that are done.

    Raises:
        OSError: the scheduler is gone.
        CancelledError: likewise.
    """
    found: list[tuple[Job, Outcome]] = []
    try:
        with client.as_current():
            done = distributed.wait(list(running), timeout=1, return_when="FIRST_COMPLETED").done
    except TimeoutError:
        done = set()
    if client.status != "running":
        raise ConnectionError
    for future in done:
        problem = future.exception()
        batch = running.pop(future)
        failed = Outcome(failure=_("the cluster gave up: {problem}").format(problem=shown(problem)), exit_status=2)
        found += zip(batch, [failed] * len(batch) if problem else future.result(), strict=True)
    return found
