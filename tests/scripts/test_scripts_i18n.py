"""Facts about the catalogue of messages and the script that keeps it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, at work on a package of one module and one template."""
    spec = importlib.util.spec_from_file_location("greenmine_scripts_i18n", ROOT / "scripts" / "i18n.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    package = tmp_path / "greenmine"
    (package / "report" / "templates").mkdir(parents=True)
    (package / "locale" / "zh" / "LC_MESSAGES").mkdir(parents=True)
    (package / "a.py").write_text('print(_("{count} mines").format(count=1))\n', "utf-8")
    (package / "report" / "templates" / "r.html.j2").write_text("<h1>{{ _('Report') }}</h1>", "utf-8")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "PACKAGE", package)
    return module


def po(tool: ModuleType) -> Path:
    path: Path = tool.PACKAGE / "locale" / "zh" / "LC_MESSAGES" / "greenmine.po"
    return path


def entries(*pairs: tuple[str, str]) -> str:
    return HEADER + "\n".join(f'msgid "{message}"\nmsgstr "{text}"\n' for message, text in pairs)


COMPLETE = entries(("{count} mines", "{count} 座矿山"), ("Report", "报告"))


def test_complete_catalogue_passes(tool: ModuleType) -> None:
    """Messages of code and templates, all translated, pass the check."""
    po(tool).write_text(COMPLETE, "utf-8")
    assert tool.main(["--check"]) == 0


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (entries(("Report", "报告")), "missing"),
        (entries(("{count} mines", ""), ("Report", "报告")), "untranslated"),
        (COMPLETE.replace('msgid "Report"', '#, fuzzy\nmsgid "Report"'), "fuzzy"),
        (COMPLETE + '\nmsgid "Gone"\nmsgstr "没了"\n', "obsolete"),
        (COMPLETE + '\n#~ msgid "Gone"\n#~ msgstr "没了"\n', "obsolete"),
        (COMPLETE.replace("{count} 座", "{number} 座"), "placeholders"),
    ],
)
def test_each_defect_fails_the_check(
    tool: ModuleType, text: str, problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Missing, untranslated, fuzzy, obsolete and mismatched messages are each found, and named."""
    po(tool).write_text(text, "utf-8")
    assert tool.main(["--check"]) == 1
    assert problem in capsys.readouterr().err


def test_hidden_message_fails_the_check(tool: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    """A message put together inside the call cannot be collected, so the check names the line."""
    po(tool).write_text(COMPLETE, "utf-8")
    (tool.PACKAGE / "b.py").write_text('x = _(f"{1} mines")\n', "utf-8")
    assert tool.main(["--check"]) == 1
    assert "greenmine/b.py:1" in capsys.readouterr().err


def test_update_keeps_translations_and_drops_the_unused(tool: ModuleType) -> None:
    """An update adds new messages, keeps translations, drops what is gone, and repeats to the same bytes."""
    po(tool).write_text(entries(("Report", "报告"), ("Gone", "没了")), "utf-8")
    assert tool.main([]) == 1
    text = po(tool).read_text("utf-8")
    assert "没了" not in text
    assert 'msgid "Report"\nmsgstr "报告"' in text
    assert 'msgid "{count} mines"\nmsgstr ""' in text
    tool.main([])
    assert text == po(tool).read_text("utf-8")


def test_compiled_catalogue_translates(tool: ModuleType) -> None:
    """What is compiled is what gettext reads."""
    po(tool).write_text(COMPLETE, "utf-8")
    assert tool.main(["--compile"]) == 0
    translations = __import__("gettext").translation("greenmine", tool.PACKAGE / "locale", languages=["zh"])
    assert translations.gettext("Report") == "报告"
