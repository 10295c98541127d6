"""The parts of `docs/PROTOCOL.md` that are made from the program. Run this file to write them anew."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import msgspec

from besedka.chat import told
from besedka.chat.entries import Body
from besedka.chat.refusals import SENTENCES
from besedka.chat.requests import Request, Write
from besedka.chat.settings import PRESETS, RoomSettings
from besedka.chat.shapes import AnyRequest, AnyUnit
from besedka.limits import Limits

PAGE = Path(__file__).parent.parent / "docs" / "PROTOCOL.md"

LIMITS_OF_CLIENTS = {
    "frame_bytes_before_login_max": "bytes in a client's frame until `you`",
    "frame_bytes_max": "bytes in a client's frame after it",
    "message_bytes_max": "bytes of a message, in UTF-8 after NFC",
    "tags_bytes_max": "bytes of a message's tags",
    "mentions_max": "people that one message calls by name; further names are only text",
    "topic_bytes_max": "bytes of a topic",
    "reason_bytes_max": "bytes of a reason, or of what somebody says of being away",
    "reaction_bytes_max": "bytes of a reaction",
    "real_name_bytes_max": "bytes of a real name",
    "data_key_bytes_max": "bytes of a value's key",
    "data_value_bytes_max": "bytes of a value",
    "name_characters_max": "characters of a name",
    "name_bytes_max": "bytes of a name",
    "room_name_characters_max": "characters of a room's name",
    "password_characters_min": "characters of a password, where people choose their own",
    "password_bytes_max": "bytes of a password",
    "page_entries_max": "entries in a page of history",
    "search_characters_max": "characters of a query",
    "search_words_max": "words, names and rooms in a query",
    "search_hits_max": "messages in an answer to it",
    "search_spans_max": "places shown in one of them",
    "searches_per_second": "searches of one account, sustained; further ones wait",
    "searches_burst": "searches of one account at once",
    "searches_waiting_each_max": "searches of one account that wait for others'; one more is refused as `busy`",
    "rooms_listed_max": "rooms in a list",
    "people_listed_max": "people in a list",
    "rooms_per_account_max": "rooms that an account may be in",
    "sessions_per_account_max": "sessions of one account at once",
    "members_max": "members of one room, whatever its own setting says",
    "marks_max": "masks on one list of a room",
    "invited_max": "invitations to one room that nobody has used yet",
    "code_seconds_max": "seconds until an invite code expires",
    "slow_seconds_max": "seconds between two messages in slow mode",
    "keep_seconds_max": "seconds for which a room of its own keeps what happens in it",
    "keep_messages_max": "messages that a room of its own keeps",
    "reactions_per_message_max": "reactions to one message, by everybody together",
    "reactions_listed_max": "reactions in a page of history",
    "data_keys_max": "values of one room or one person",
    "markers_max": "read markers of one account",
    "ignored_max": "people that one account ignores",
    "whowas_max": "people who have left that the server remembers",
    "presence_room_max": "people in a room of whom presence is told one by one",
    "requests_per_second": "requests of one session, sustained",
    "requests_burst": "requests of one session at once",
    "login_seconds_max": "seconds from connecting to `you`",
    "login_attempts_max": "failed logins of one connection",
    "exports_per_hour": "exports of one account begun in an hour",
    "token_days": "days after which an unused token is dead",
    "ping_seconds": "seconds of silence before a `ping`",
    "pong_seconds_max": "seconds of silence after it",
    "full_seconds_max": "seconds without taking anything",
    "grace_seconds": "seconds that a lost session has to come back unnoticed",
    "line_bytes_max": "bytes of a line of plain text",
}
"""What a client meets; the others are the server's own affair."""

Shape = type[msgspec.Struct]


def table(*columns: str, rows: Sequence[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    lines = [columns, ("---",) * len(columns), *rows]
    cells = [[re.sub(r"\bNone\b", "`null`", cell).replace("|", "\\|") for cell in line] for line in lines]
    return "\n".join("| " + " | ".join(line) + " |" for line in cells)


def explained(shape: Shape) -> dict[str, str]:
    """What stands beneath the fields of a structure in its source, on one line each."""
    (body,) = ast.parse(textwrap.dedent(inspect.getsource(shape))).body
    assert isinstance(body, ast.ClassDef)
    found = {}
    for field, below in zip(body.body, body.body[1:], strict=False):
        if not isinstance(field, ast.AnnAssign) or not isinstance(below, ast.Expr):
            continue
        if isinstance(field.target, ast.Name) and isinstance(below.value, ast.Constant):
            found[field.target.id] = " ".join(str(below.value.value).split()).removesuffix(".")
    return found


def first_line(shape: Shape) -> str:
    """What a structure is, in one line."""
    return (shape.__doc__ or "").strip().splitlines()[0]


def fields_of(shape: Shape) -> str:
    """Its fields but the id, in order, those that may be left out in brackets; with what there is to say of each."""
    why = {name: text for base in reversed(shape.__mro__[:-1]) if base is not Request for name, text in _own(base)}
    shown = []
    for field in msgspec.structs.fields(shape):
        if field.name != "id":
            name = f"`{field.name}`" if field.required else f"[`{field.name}`]"
            shown.append(f"{name} ({why[field.name]})" if field.name in why else name)
    return ", ".join(shown)


def _own(base: type) -> list[tuple[str, str]]:
    return list(explained(base).items()) if base.__module__.startswith("besedka.") else []


def shapes(union: object, *, writing: bool | None = None) -> str:
    """A table of messages or bodies by their names on the wire; of requests only those that write, or do not."""
    members: list[Shape] = [one for one in get_args(union) if writing is None or issubclass(one, Write) is writing]
    rows = [(f"`{one.__struct_config__.tag}`", first_line(one), fields_of(one)) for one in members]
    return table("kind" if union is Body else "`is`", "", "fields", rows=rows)


def settings() -> str:
    """What can be set of a room, and with what each kind begins."""
    kinds = [kind for kind in PRESETS if kind.value in ("public", "private")]
    rows = [
        (f"`{name}`", what, *(_value(getattr(PRESETS[kind], name)) for kind in kinds))
        for name, what in explained(RoomSettings).items()
    ]
    return table("setting", "", *(f"`{kind.value}`" for kind in kinds), rows=rows)


def _value(value: bool | str | int) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value) or "none"


def sections() -> dict[str, str]:
    """Each part by the name that stands in its two marks."""
    limits = Limits()
    return {
        "bodies": shapes(Body),
        "settings": settings(),
        "writes": shapes(AnyRequest, writing=True),
        "questions": shapes(AnyRequest, writing=False),
        "units": shapes(AnyUnit),
        "refusals": table(
            "`code`", "`why`", rows=[(f"`{code.value}`", sentence) for code, sentence in SENTENCES.items()]
        ),
        "partings": table(
            "`parting`",
            "`why`",
            rows=[(f"`{one.value}`", sentence) for one, sentence in told.PARTING_SENTENCES.items()],
        ),
        "limits": table(
            "limit",
            "default",
            "of what",
            rows=[(f"`{name}`", f"{getattr(limits, name):,.12g}", what) for name, what in LIMITS_OF_CLIENTS.items()],
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
