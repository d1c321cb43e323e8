"""What a file supports: the ids in a list's column, and the number at the head of a folder's name.

Which ids there are is the catalog's business. Here it is settled only how they are written: `08` is `8`, `p1` is `P1`,
full-width letters and digits are the same as plain ones.
"""

from __future__ import annotations

import re
from typing import Final

_PLAIN: Final = {code + 0xFEE0: code for code in range(0x21, 0x7F)} | {0x3000: 0x20}
_SEPARATORS: Final = re.compile(r"[;,、\s]+")
_NUMBERED: Final = re.compile(r"([Pp]?)0*([1-9][0-9]{0,2})(?:[\s_、]\s*|[-.](?![0-9])|$)")
_ID: Final = re.compile(r"([Pp]?)0*([1-9][0-9]*)")


def plain_id(text: str) -> str:
    """Return an id as catalogs write it: plain characters, a capital P, no leading zeros.

    For example `０８` → `8`, `p01` → `P1`; an id of another form stays as it is.
    """
    text = text.translate(_PLAIN).strip()
    found = _ID.fullmatch(text)
    return f"{found[1].upper()}{found[2]}" if found else text


def parse_ids(text: str) -> tuple[str, ...]:
    """Return the ids in a list's cell, each once, in the order given; separated by `;`, `,`, `、` or blanks."""
    parts = _SEPARATORS.split(text.translate(_PLAIN))
    return tuple(dict.fromkeys(plain_id(part) for part in parts if part))


def folder_id(path: str) -> str | None:
    """Return the id at the head of the first folder's name in a file's path.

    `08 开采方式/设计.pdf` → `8`, `P1 证照/采矿许可证.pdf` → `P1`. The number, of at most three digits and after a P for
    a prerequisite, is parted from the words by a blank, `_`, `、`, `-` or `.`, so that neither `2025 年报/` nor
    `3号井/` nor a date such as `06-11/` is taken for one.

    Args:
        path: path of a file relative to the mine's folder, with `/`.

    Returns:
        The id; None where the file is in no folder or the folder's name begins with no number.
    """
    folder, slash, _rest = path.partition("/")
    found = _NUMBERED.match(folder.translate(_PLAIN))
    return f"{found[1].upper()}{found[2]}" if slash and found else None
