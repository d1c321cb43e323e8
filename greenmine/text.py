"""Text from outside, made fit to be looked at.

Names, remarks and file names come from others. Some characters steer instead of show: controls, direction overrides
that turn `gpj.exe` into `exe.jpg`, zero-width ones that make two names look the same. A reader has to see them.
"""

from __future__ import annotations

import re

# Controls, the soft hyphen, direction marks and overrides, zero-width characters, line separators, fillers that look
# like nothing, surrogates, tags. Not: the variation selectors and joiners that scripts of the country need.
_STEERING = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\xad\\u061c\\u115f\\u1160\\u200b\\u200e\\u200f\\u2028-\\u202e"
    "\\u2060-\\u206f\\u3164\\ufeff\\uffa0\\ufff0-\\ufffb\\ud800-\\udfff\\U000e0000-\\U000e007f]"
)

# What spreadsheets take for a formula; with apostrophes before it too, so that one more can be taken off again.
_FORMULA = re.compile("'*[=+\\-@\t\r＝＋－＠]")


def visible(text: str) -> str:
    """Return `text` with steering characters shown by their number, and every line break a plain one."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return _STEERING.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", plain)


def inert(text: str) -> str:
    """Return `text` as a cell that no spreadsheet takes for a formula: with an apostrophe before it, if need be."""
    return f"'{text}" if _FORMULA.match(text) else text


def active(cell: str) -> str:
    """Return the text that `inert` made a cell of."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
