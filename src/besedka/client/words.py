"""The client's sentences in the reader's language."""

from __future__ import annotations

import gettext
from pathlib import Path

_LOCALE = Path(__file__).parent.parent / "locale"

_TRANSLATIONS = gettext.translation("besedka", localedir=str(_LOCALE), fallback=True)


def _(sentence: str) -> str:
    """The sentence as the reader's locale has it; English where there is no translation."""
    return _TRANSLATIONS.gettext(sentence) if sentence else ""


def plural(one: str, many: str, count: int) -> str:
    """The form of a sentence that goes with `count`, filled in for `{count}`."""
    return _TRANSLATIONS.ngettext(one, many, count).format(count=count)
