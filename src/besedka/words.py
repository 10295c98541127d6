"""The sentences of both halves in the reader's language: the client's, and the operator's."""

from __future__ import annotations

import gettext
from pathlib import Path

_LOCALE = Path(__file__).parent / "locale"

_TRANSLATIONS = gettext.translation("besedka", localedir=str(_LOCALE), fallback=True)


def _(sentence: str) -> str:
    """The sentence as the reader's locale has it; English where there is no translation."""
    return _TRANSLATIONS.gettext(sentence) if sentence else ""


def plural(one: str, many: str, count: int, **fields: object) -> str:
    """The form of a sentence that goes with `count`, filled in for `{count}` and the other `{fields}`."""
    return _TRANSLATIONS.ngettext(one, many, count).format(count=count, **fields)
