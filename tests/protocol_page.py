"""The parts of `docs/PROTOCOL.md` that are made from the program. Run this file to write them anew."""

from __future__ import annotations

import re
from pathlib import Path

from besedka.chat.refusals import SENTENCES
from besedka.chat.told import PARTING_SENTENCES
from besedka.limits import Limits

PAGE = Path(__file__).parent.parent / "docs" / "PROTOCOL.md"

LIMITS_OF_CLIENTS = {
    "frame_bytes_before_login_max": "bytes in a client's frame until `you`",
    "frame_bytes_max": "bytes in a client's frame after it",
    "message_bytes_max": "bytes of a message, in UTF-8 after NFC",
    "topic_bytes_max": "bytes of a topic",
    "name_characters_max": "characters of a name",
    "name_bytes_max": "bytes of a name",
    "room_name_characters_max": "characters of a room's name",
    "password_characters_min": "characters of a password, where people register themselves",
    "password_bytes_max": "bytes of a password",
    "page_entries_max": "entries in a page of history",
    "rooms_listed_max": "rooms in a list",
    "people_listed_max": "people in a list",
    "rooms_per_account_max": "rooms that an account may be in",
    "sessions_per_account_max": "sessions of one account at once",
    "presence_room_max": "members of a room whose presence is told",
    "requests_per_second": "requests of one session, sustained",
    "requests_burst": "requests of one session at once",
    "login_seconds_max": "seconds from connecting to `you`",
    "login_attempts_max": "failed logins of one connection",
    "token_days": "days after which an unused token is dead",
    "ping_seconds": "seconds of silence before a `ping`",
    "pong_seconds_max": "seconds of silence after it",
    "full_seconds_max": "seconds without taking anything",
    "grace_seconds": "seconds that a lost session has to come back unnoticed",
    "line_bytes_max": "bytes of a line of plain text",
}
"""What a client meets; the others are the server's own affair."""


def table(*columns: str, rows: list[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    lines = [columns, ("---",) * len(columns), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def sections() -> dict[str, str]:
    """Each part by the name that stands in its two marks."""
    limits = Limits()
    return {
        "refusals": table(
            "`code`", "`why`", rows=[(f"`{code.value}`", sentence) for code, sentence in SENTENCES.items()]
        ),
        "partings": table(
            "`parting`", "`why`", rows=[(f"`{one.value}`", sentence) for one, sentence in PARTING_SENTENCES.items()]
        ),
        "limits": table(
            "limit",
            "default",
            "of what",
            rows=[(f"`{name}`", f"{getattr(limits, name):,g}", what) for name, what in LIMITS_OF_CLIENTS.items()],
        ),
    }


def rewritten(page: str) -> str:
    """The page with its made parts as the program would have them now."""
    for name, text in sections().items():
        marks = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        assert len(marks.findall(page)) == 1, f"{name} must have its place in the page, once"
        page = marks.sub(lambda found, text=text: f"{found[1]}\n{text}\n\n{found[2]}", page)  # type: ignore[misc]
    return page


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text()))
