"""Build hook: compile the messages; put into a wheel what lies beside the package in the repository.

A wheel carries the notebooks, parameters and demo evidence (`greenmine init` lays them out) and the nbconvert template
where Jupyter looks for templates. An editable install takes all of these from the repository and gets no copies.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SHARED = ("notebooks", "parameters", "evidence")
TEMPLATES = "greenmine/report/templates"


class GreenmineBuild(BuildHookInterface):  # type: ignore[type-arg]
    """Prepare a wheel, an editable install or a source distribution."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile every .po beside itself; name what else a wheel holds."""
        root = Path(self.root)
        for source in sorted((root / "greenmine" / "locale").glob("*/LC_MESSAGES/*.po")):
            with source.open("rb") as stream:
                catalog = read_po(stream)
            compiled = BytesIO()
            write_mo(compiled, catalog)
            source.with_suffix(".mo").write_bytes(compiled.getvalue())
        if self.target_name == "wheel" and version == "standard":
            build_data["force_include"].update({str(root / name): f"greenmine/_share/{name}" for name in SHARED})
            build_data["shared_data"][str(root / TEMPLATES)] = "share/jupyter/nbconvert/templates"
