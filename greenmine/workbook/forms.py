"""The forms in JupyterLab: widgets that show a desk and carry what is typed to it.

One `Library` brings scripts, style and words to the browser once and is the only line to the desk. A `Form` holds the
text of one group of cards or several, the `Header` nothing but the way to its library. All that is said between browser
and desk are the messages of `Desk.answer`; one more, `state`, asks for everything at once when a form is shown. What is
on the screen is never the record: it is asked for anew each time, and an edit counts when its line is on disk.

The scripts are plain modules in `static/`. A widget has room for one, so `script` joins them: each `import` of another
of them is left out, and what they export is there for the next; only the last exports anything.
"""

from __future__ import annotations

import contextvars
import os
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import anywidget
import traitlets as t
from ipywidgets import Widget  # type: ignore[import-untyped]

from greenmine.workbook.desk import Desk, Signer
from greenmine.workbook.html import speaking
from greenmine.workbook.labels import labels

if TYPE_CHECKING:
    from greenmine.workspace import Workspace

SEAT: Final = "GREENMINE_SEAT"
"""The environment variable that names the member whose seat is taken at first."""

MODULES: Final = ("dom", "rule", "link", "store", "files", "card", "form", "header", "main")
"""The scripts, each after those it imports."""

_IMPORT: Final = re.compile(r'^import \{[^}]*\} from "\./[a-z]+\.js";\n', re.MULTILINE)
_COMMENT: Final = re.compile(r"^ *//.*\n|^ */\*\*.*\*/\n", re.MULTILINE)
_EXPORT: Final = re.compile(r"^export (?=(?:async )?(?:function|const|class)\b)", re.MULTILINE)
_INDENT: Final = re.compile(r"^ +", re.MULTILINE)
_SLOW: Final = ("preview", "files")

_ENTER: Final = """\
async function enter(model) {
  const id = model.get("library");
  const open = (globalThis.__greenmine ??= new Map());
  if (!open.has(id)) {
    open.set(id, (async () => {
      const library = await model.widget_manager.get_model(id);
      const url = URL.createObjectURL(new Blob([library.get("script")], { type: "text/javascript" }));
      const module = await import(url);
      URL.revokeObjectURL(url);
      return { module, store: module.begin(library) };
    })());
  }
  return open.get(id);
}
function until(signal) {
  const controller = new AbortController();
  if (signal) signal.addEventListener("abort", () => controller.abort());
  return controller;
}
"""
_FORM: Final = (
    _ENTER
    + """\
export default {
  async render({ model, el, signal }) {
    const life = until(signal);
    const { module, store } = await enter(model);
    if (!life.signal.aborted) module.form(store, model, el, life.signal);
    return () => life.abort();
  },
};
"""
)
_HEADER: Final = _FORM.replace("module.form(store, model, el,", "module.header(store, el,")


@cache
def script() -> str:
    """Return the modules of `static/` as one, without comments and indents: it crosses the wire."""
    folder = files("greenmine") / "workbook" / "static"
    texts = [_COMMENT.sub("", _IMPORT.sub("", (folder / f"{name}.js").read_text("utf-8"))) for name in MODULES]
    return _INDENT.sub("", "\n".join([*(_EXPORT.sub("", text) for text in texts[:-1]), texts[-1]]))


@cache
def style() -> str:
    """Return the style of the forms."""
    return (files("greenmine") / "workbook" / "static" / "forms.css").read_text("utf-8")


class Library(Widget):  # type: ignore[misc] # see the import
    """What the forms of one desk share: scripts, style, words, and the line to the desk.

    Args:
        desk: the desk.
    """

    script = t.Unicode().tag(sync=True)
    style = t.Unicode().tag(sync=True)
    words = t.Dict().tag(sync=True)
    lang = t.Unicode().tag(sync=True)

    def __init__(self, desk: Desk) -> None:
        with speaking(desk.lang):
            words = labels()
        super().__init__(script=script(), style=style(), words=words, lang="zh-CN" if desk.lang == "zh" else "en")
        self.desk = desk
        self._slow = ThreadPoolExecutor(2, thread_name_prefix="greenmine-preview")
        self.on_msg(self._asked)

    def header(self) -> Header:
        """Return a header."""
        return Header(self)

    def form(self, *groups: str) -> Form:
        """Return a form of groups, as `Desk.groups` calls them."""
        return Form(self, groups)

    def _asked(self, _widget: object, message: object, _buffers: object) -> None:
        if not isinstance(message, dict):
            return
        if message.get("op") in _SLOW:  # a picture of a page may take seconds; saving does not wait for it
            work = self._slow.submit(contextvars.copy_context().run, self.desk.answer, message)
            work.add_done_callback(self._done)
            return
        self.send(*answer(self.desk, message))

    def _done(self, work: Future[tuple[dict[str, Any], list[bytes]]]) -> None:
        self.send(*work.result())

    def close(self) -> None:
        """Leave the desk and its journal."""
        self._slow.shutdown(wait=False, cancel_futures=True)
        self.desk.close()
        super().close()


_open: Final[dict[Path, Library]] = {}


def open_library(
    folder: Path,
    assessment: str,
    *,
    catalog: str,
    readings: Mapping[str, str] | None,
    lang: str,
    workspace: Workspace,
    signer: Signer | None = None,
) -> Library:
    """Return the library of a new desk; one of the same mine that an earlier run of the cell left is closed first.

    A journal has one writer: the earlier desk must let go of it. Whoever sat there sits here; at first it is the member
    that `greenmine lab --as` names.
    """
    who = os.environ.get(SEAT, "")
    if earlier := _open.pop(folder, None):
        who = (earlier.desk.heading()["me"] or {}).get("id", "") or who
        earlier.close()
    desk = Desk.open(
        str(folder),
        assessment,
        catalog=catalog,
        readings=readings,
        lang=lang,
        who=who,
        workspace=workspace,
        signer=signer,
    )
    _open[folder] = Library(desk)
    return _open[folder]


def answer(desk: Desk, message: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
    """Return the reply to a message of the forms, with its buffers: the desk's, or to `state` all that is known."""
    if message.get("op") != "state":
        return desk.answer(message)
    reply, _buffers = desk.answer({"id": message.get("id"), "op": "refresh"})
    if not reply.get("ok"):
        return reply, []
    standing = {group: desk.standing(group) for group in desk.groups}
    groups = [{"group": group, "cards": list(cards)} for group, cards in standing.items()]
    cards = {name: state for group in standing.values() for name, state in group.items()}
    return {"re": message.get("id"), "ok": True, "groups": groups, "cards": cards, "heading": desk.heading()}, []


class _Piece(anywidget.AnyWidget):
    """A widget that reaches its library by the id of its model."""

    library = t.Unicode().tag(sync=True)
    layout = None  # a model of its own each, for a box that needs none


class Form(_Piece):
    """The cards of one group or several.

    Args:
        library: the library of the desk.
        groups: which groups, as `Desk.groups` calls them.
    """

    _esm = _FORM
    pages: t.List[Any] = t.List().tag(sync=True)

    def __init__(self, library: Library, groups: Sequence[str]) -> None:
        super().__init__(library=library.model_id, pages=[library.desk.page(group) for group in groups])


class Header(_Piece):
    """The line over all forms.

    Args:
        library: the library of the desk.
    """

    _esm = _HEADER

    def __init__(self, library: Library) -> None:
        super().__init__(library=library.model_id)
