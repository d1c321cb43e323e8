"""JupyterLab for tests: a server as `greenmine lab` starts it, and a page of a browser on its notebook."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from greenmine.batch.notebook import read_notebook
from greenmine.cli.lab import LIVE, fill_in, settings, words
from greenmine.workspace import Workspace, shared_dir

ROOT = Path(__file__).resolve().parent.parent.parent
LIMIT = 120_000
"""How long a test waits for what must come, in milliseconds; the machine may be busy."""

SWITCHES = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
OPTIONS = (
    *("--LabApp.expose_app_in_browser=True", "--ServerApp.answer_yes=True", "--LabApp.check_for_updates_class="),
    *("--LabApp.extension_manager=readonly", "--KernelRestarter.restart_limit=1000000"),
    "--KernelRestarter.time_to_dead=1.0",
)
CELLS = ("parameters", "open", "header", "prerequisites", *(f"category-{n}" for n in range(1, 6)), "categories")


ANSWERS = """async () => {
  const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  if (kernel.connectionStatus !== "connected") return false;
  const told = await Promise.race([kernel.requestKernelInfo(), new Promise((done) => setTimeout(done, 2000))]);
  return Boolean(told) && kernel.status === "idle";
}"""


class Lab:
    """A running JupyterLab; `token` opens it."""

    def __init__(self, address: str) -> None:
        self.url, self.token = re.fullmatch(r"(http://[^/]+)/.*\?token=(.+)", address).groups()  # type: ignore[union-attr]

    def api(self, path: str, method: str = "GET") -> Any:
        """Return what the server's REST interface says."""
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # whatever proxy the machine has
        request = urllib.request.Request(f"{self.url}/api/{path}?token={self.token}", method=method)  # noqa: S310 - http
        with direct.open(request) as answer:
            return json.loads(answer.read() or b"null")

    def kill_kernel(self) -> int:
        """Kill the one kernel, as a crash would; return the id of its process."""
        (kernel,) = self.api("kernels")
        process = kernel_process(kernel["id"])
        os.kill(process, signal.SIGKILL)
        return process

    def reborn(self, page: Page, process: int) -> None:
        """Wait until the kernel that was killed has started again and answers the page."""
        while True:
            (kernel,) = self.api("kernels")
            try:
                if kernel_process(kernel["id"]) != process:
                    break
            except LookupError:
                pass
            page.wait_for_timeout(100)
        while not page.evaluate(ANSWERS):
            page.wait_for_timeout(100)

    def end_kernels(self) -> None:
        """End every kernel, so that none holds a journal."""
        for kernel in self.api("kernels"):
            self.api(f"kernels/{kernel['id']}", "DELETE")

    def idle(self, page: Page) -> None:
        """Wait until the kernel of the notebook is there and waits for work."""
        page.wait_for_function(
            "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
            " && window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.connectionStatus === 'connected'",
            timeout=LIMIT,
        )

    def notebook(self, page: Page, path: str) -> None:
        """Open a notebook and wait until its kernel is there."""
        page.goto(f"{self.url}/lab/tree/{path}?token={self.token}&reset")
        self.idle(page)

    def run_all(self, page: Page) -> None:
        """Run all cells."""
        page.evaluate("void window.jupyterapp.commands.execute('notebook:run-all-cells')")

    def forms(self, page: Page, path: str) -> None:
        """Open a notebook, run it and wait until the last form can be used."""
        self.notebook(page, path)
        self.run_all(page)
        usable(page)


def usable(page: Page) -> None:
    """Wait until every form shows its cards with their state."""
    expect(page.locator(".gmf-form")).to_have_count(7, timeout=LIMIT)
    expect(page.locator(".gmf-form").last.locator(".gmf-state").last).not_to_be_empty(timeout=LIMIT)


def kernel_process(kernel: str) -> int:
    """Return the process id of a kernel, by its connection file."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                words_ = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
            except OSError:
                continue
            if any(f"kernel-{kernel}.json" in word for word in words_):
                return int(folder.name)
    message = f"no process of the kernel {kernel}"
    raise LookupError(message)


def lay_out(root: Path, mine: Path) -> str:
    """Make a workspace's notebook with the forms of a mine alone; return its path in the workspace."""
    notebook = read_notebook(ROOT / "notebooks" / "assessment.ipynb")
    notebook.cells = [cell for cell in notebook.cells if cell.id in CELLS]
    fill_in(notebook, "mine", str(mine))
    path = root / "notebooks" / "forms.ipynb"
    path.write_text(json.dumps(notebook, ensure_ascii=False), "utf-8")
    return "notebooks/forms.ipynb"


@contextmanager
def running(root: Path) -> Iterator[Lab]:
    """Run JupyterLab on a workspace, with settings and caches of its own."""
    command = words(Workspace(root), root / "notebooks", browser=False, port=0)
    command += [*OPTIONS, *(["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else [])]
    own = {name: str(root / ".lab" / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")}
    environment = {
        **os.environ,
        **own,
        **settings(),
        "GREENMINE_WORKSPACE": str(root),
        "XDG_CACHE_HOME": str(root / ".lab" / "cache"),
        LIVE: "1",
    }
    log = (root / ".lab-log").open("w+")
    process = subprocess.Popen(
        command, cwd=root, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        said = iter(process.stderr.readline, "")
        address = next(found[0] for line in said if (found := re.search(r"http://127\.0\.0\.1\S+", line)))
        drain = subprocess.Popen(["cat"], stdin=process.stderr, stdout=log)  # so that the pipe never fills
        yield Lab(address)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
        drain.wait(20)
        if process.stderr is not None:
            process.stderr.close()
        log.close()


def workspace_of(root: Path) -> Path:
    """Lay out an empty workspace that takes catalogs and panels from the package."""
    for name in ("evidence", "notebooks", "reports"):
        (root / name).mkdir(parents=True)
    (root / "parameters").symlink_to(shared_dir() / "parameters")
    return root


def chromium_of(playwright: Any, path: str) -> Browser:
    """Return Debian's Chromium."""
    return playwright.chromium.launch(executable_path=path, args=list(SWITCHES))
