"""What people may write, and how it is made harmless for a line of text."""

from __future__ import annotations

import re
import unicodedata

from besedka.chat.refusals import Code, Refusal
from besedka.limits import Limits

_EMPTY = Refusal(Code.EMPTY_TEXT)

_NEVER_SENT = re.compile("[\0\r\ud800-\udfff]")

# U+FE0E and U+FE0F stay: they choose between a character's two shapes, and every telephone sends a heart with one.
_HARMFUL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 without tab and newline, DEL, C1
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"  # soft hyphen and other characters without a shape
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f"  # zero width, line separators, bidi embeddings and isolates
    "\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb"  # fillers, variation selectors, byte order mark, annotations
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"  # shorthand and musical format controls
    "\U000e0000-\U000e0fff\ud800-\udfff]"  # tags and supplementary selectors; lone surrogates
)


def message_text(raw: str, *, limits: Limits) -> str | Refusal:
    """A message as it is kept: NFC, newlines allowed; NUL, CR and lone surrogates are refused."""
    return _written(raw, bytes_max=limits.message_bytes_max, empty=_EMPTY)


def topic_text(raw: str, *, limits: Limits) -> str | Refusal:
    """A topic as it is kept: one line, possibly empty."""
    return one_line(raw, bytes_max=limits.topic_bytes_max)


def one_line(raw: str, *, bytes_max: int) -> str | Refusal:
    """A reason, a real name, a value: one line, possibly empty, at most so many bytes of UTF-8."""
    if "\n" in raw:
        return Refusal(Code.BAD_TEXT)
    return _written(raw, bytes_max=bytes_max, empty=None)


def _written(raw: str, *, bytes_max: int, empty: Refusal | None) -> str | Refusal:
    if raw.isascii():  # The hot path: already NFC, and as many bytes as characters.
        text, size = raw, len(raw)
        unsendable = "\0" in raw or "\r" in raw
    else:
        if len(raw) > bytes_max * 4:
            return Refusal(Code.TEXT_LONG)
        unsendable = _NEVER_SENT.search(raw) is not None
        text = unicodedata.normalize("NFC", raw)
        size = 0 if unsendable else len(text.encode())
    if unsendable:
        return Refusal(Code.BAD_TEXT)
    if size > bytes_max:
        return Refusal(Code.TEXT_LONG)
    if empty is not None and not text.strip():
        return empty
    return text


def harmless(text: str) -> str:
    """Text in which nothing moves the cursor, hides, or reverses: each such character becomes U+FFFD.

    Tabs and newlines stay; a caller that writes lines indents what follows one, or uses `harmless_line`.
    """
    return _HARMFUL.sub("\ufffd", text)


def harmless_line(text: str) -> str:
    """The same on one line: a newline becomes U+23CE, a tab a space."""
    return harmless(text).replace("\n", "\u23ce").replace("\t", " ")
