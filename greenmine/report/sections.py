"""Sections: from an executed notebook to the parts of the report.

A preprocessor of nbconvert, named in the template's `conf.json`, so that it runs under any HTML exporter that uses the
template. It keeps the HTML outputs of code cells and drops everything else: code, guidance, printed text, warnings,
tracebacks, widget state, and cells tagged `live`, which only make sense in JupyterLab. HTML that is not built like the
workbook's pieces is kept as its own escaped source.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from markupsafe import Markup
from nbconvert.preprocessors import Preprocessor

from greenmine import __version__, i18n
from greenmine.i18n import gettext as _
from greenmine.report.fragment import Fragment, Heading, read_fragment
from greenmine.report.style import stylesheet
from greenmine.text import visible

LANG = "zh-CN"
LIVE = "live"
HTML = "text/html"

_BETWEEN = re.compile(r">\n+<")
_OMISSIBLE = re.compile(
    r"</p>(?=<(?:p|dl|table|ul|ol|div|h[1-4]|article|blockquote|/dd|/div|/section|/article)\b)|</(?:td|th|tr|thead|tbody|tfoot|li|dt|dd)>"
)
_TAG = re.compile(r"<[a-z][^<>]*=[^<>]*>")
_QUOTED = re.compile(r'="([A-Za-z0-9#._:%-]+)"')


@dataclass(frozen=True)
class Report:
    """What the template shows.

    Attributes:
        lang: language of the page, as HTML names it.
        title: the title of the page.
        before: the parts that stand before the contents (the cover).
        parts: the parts of the body.
        after: the parts that close the page (the provenance).
        contents: the headings that the contents list.
        style: the stylesheet.
        labels: the words of the frame, by name.
        version: the version of the package.
    """

    lang: str
    title: str
    before: tuple[Markup, ...]
    parts: tuple[Markup, ...]
    after: tuple[Markup, ...]
    contents: tuple[Heading, ...]
    style: Markup
    labels: dict[str, str]
    version: str = __version__


class SectionsPreprocessor(Preprocessor):
    """Put the `Report` of a notebook into the resources of the exporter, under `greenmine`."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - traitlets' own
        super().__init__(**{**kwargs, "enabled": True})  # type: ignore[no-untyped-call] # nbconvert has types in part

    def preprocess(self, nb: Any, resources: dict[str, Any]) -> tuple[Any, dict[str, Any]]:  # noqa: ANN401
        """Return the notebook as it is and the resources with the report."""
        resources["greenmine"] = report_of(nb)
        return nb, resources


def report_of(notebook: Any) -> Report:  # noqa: ANN401 - a notebook node
    """Return the report that an executed notebook holds."""
    found = list(_outputs(notebook))
    fragments = [fragment for fragment in found if isinstance(fragment, Fragment)]
    lang = next((fragment.lang for fragment in fragments if fragment.lang), LANG)
    headings = [heading for fragment in fragments for heading in fragment.headings]
    before = {i for i, one in enumerate(found) if isinstance(one, Fragment) and one.root == "header"}
    after = {i for i, one in enumerate(found) if isinstance(one, Fragment) and one.root == "footer"}
    spoken = i18n.language()
    i18n.use("en" if lang == "en" else "zh")
    try:
        labels = {
            "contents": _("Contents"),
            "skip": _("Skip to the text"),
            "foreign": _("An output that is not of this workbook, shown as its source"),
            "report": _("Green mine assessment report"),
        }
    finally:
        i18n.use(spoken)

    def markup(indices: Iterator[int]) -> tuple[Markup, ...]:
        return tuple(_markup(found[index], lang, labels["foreign"]) for index in indices)

    return Report(
        lang=lang,
        title=next((heading.text for heading in headings if heading.level == 1), labels["report"]),
        before=markup(i for i in range(len(found)) if i in before),
        parts=markup(i for i in range(len(found)) if i not in before | after),
        after=markup(i for i in range(len(found)) if i in after),
        style=stylesheet(),
        contents=tuple(heading for heading in headings if heading.level == 2 and heading.id),  # noqa: PLR2004 - h2
        labels=labels,
    )


def _outputs(notebook: Any) -> Iterator[Fragment | str]:  # noqa: ANN401
    """Yield every HTML output: checked, or as the source it is."""
    for cell in notebook.cells:
        if cell.cell_type != "code" or LIVE in cell.metadata.get("tags", ()):
            continue
        for output in cell.outputs:
            if output.output_type in ("execute_result", "display_data") and HTML in output.data:
                source = output.data[HTML]
                text = source if isinstance(source, str) else "".join(source)
                yield read_fragment(text) or text


def _markup(part: Fragment | str, lang: str, label: str) -> Markup:
    if isinstance(part, Fragment):
        return Markup(_compact(part.markup, lang))  # noqa: S704 - it has been read as nothing but harmless elements
    return Markup('<section class="foreign"><p>{}</p><pre>{}</pre></section>\n').format(label, visible(part))


def _compact(markup: str, lang: str) -> str:
    """Return a fragment as the page needs it.

    Left out are line breaks between tags, end tags and quotes that HTML lets one leave out, the language where it is
    the page's, and the class that keeps the pieces apart from JupyterLab's own elements: here everything is ours.
    """
    plain = markup.replace(f' lang="{lang}"', "").replace(' class="gm"', "").replace(' class="gm ', ' class="')
    # a fragment has no < or > inside a tag or bare in a text, so what looks like a tag is one
    return _TAG.sub(lambda tag: _unquoted(tag[0]), _OMISSIBLE.sub("", _BETWEEN.sub("><", plain)))


@lru_cache(1024)
def _unquoted(tag: str) -> str:
    return _QUOTED.sub(r"=\1", tag)
