"""Templates of pages: what they show is made visible, escaped, and in the language in use."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import UndefinedError

from greenmine import i18n
from greenmine.pages import environment


def rendered(folder: Path, source: str, **values: object) -> str:
    (folder / "page.html.j2").write_text(source, "utf-8")
    return environment(folder).get_template("page.html.j2").render(values)


def test_a_value_is_escaped_and_what_steers_is_shown(tmp_path: Path) -> None:
    """Whoever wrote it."""
    assert "&lt;b&gt;⟨U+202E⟩" == rendered(tmp_path, "{{ value }}", value="<b>\u202e")


def test_a_name_that_is_not_known_is_an_error(tmp_path: Path) -> None:
    """And not an empty place."""
    with pytest.raises(UndefinedError):
        rendered(tmp_path, "{{ value }}")


@pytest.mark.parametrize(
    "source",
    [
        '{{ _("Photo") }}',
        "{{ _('Photo') }}",
        "{{ _(name) }}",
        '{{ _("Pho" "to") }}',
        '{% set word = _("Photo") %}{{ word }}',
        '{{ _("Photo").upper().lower().capitalize() }}',
    ],
)
def test_a_sentence_is_in_the_language_in_use(tmp_path: Path, source: str) -> None:
    """Whether it is known when the template is compiled or only when it is rendered; after a change as well."""
    for language, word in (("en", "Photo"), ("zh", "照片"), ("en", "Photo")):
        i18n.use(language)
        assert word == rendered(tmp_path, source, name="Photo")


def test_a_sentence_of_the_template_is_escaped_as_well(tmp_path: Path) -> None:
    """Only markup that says that it is markup is."""
    assert "a &lt; b" == rendered(tmp_path, '{{ _("a < b") }}')
