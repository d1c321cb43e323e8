"""The exporter: an executed notebook to one self-contained HTML page.

`jupyter nbconvert --to greenmine report.ipynb` uses it by its entry point; the batch runner calls `to_html`. It takes
its template from the package and from nowhere else, so that no folder of the same name can stand in its place.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from nbconvert.exporters.templateexporter import TemplateExporter
from traitlets import default
from traitlets.config import Config

from greenmine.report.sections import report_of

TEMPLATES = Path(__file__).parent / "templates"


class ReportExporter(TemplateExporter):
    """Export a notebook as the archived report: no script, no address outside, the same bytes for the same notebook."""

    export_from_notebook = "Greenmine report"
    output_mimetype = "text/html"

    @default("file_extension")
    def _html(self) -> str:
        return ".html"

    @default("template_name")
    def _own_template(self) -> str:
        return "greenmine"

    @default("template_paths")
    def _own_paths(self) -> list[str]:
        return [str(TEMPLATES / "greenmine")]


@cache
def _exporter() -> ReportExporter:
    idle = Config({"ReportExporter": {"default_preprocessors": []}})  # none is enabled, yet each costs a validation
    return ReportExporter(config=idle)  # type: ignore[no-untyped-call] # nbconvert has types in part


def to_html(notebook: Any) -> str:  # noqa: ANN401 - a notebook node
    """Return the report of an executed notebook.

    Args:
        notebook: the notebook, as nbformat reads it.

    Returns:
        The page; end it on disk as it is, in UTF-8.
    """
    resources = {"greenmine": report_of(notebook)}  # what the preprocessor of the template does, without three copies
    return str(_exporter().template.render(nb=notebook, resources=resources)).lstrip("\r\n")
