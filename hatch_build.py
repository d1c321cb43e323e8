"""Build hook: compile the message catalogues (.po) to the form gettext reads (.mo)."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileMessages(BuildHookInterface):  # type: ignore[type-arg]
    """Compile every `greenmine/locale/*/LC_MESSAGES/*.po` beside itself."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Write the .mo files before the wheel (or the editable install) is made."""
        for source in sorted(Path(self.root, "greenmine", "locale").glob("*/LC_MESSAGES/*.po")):
            with source.open("rb") as stream:
                catalog = read_po(stream)
            compiled = BytesIO()
            write_mo(compiled, catalog)
            source.with_suffix(".mo").write_bytes(compiled.getvalue())
