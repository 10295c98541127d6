"""What is said of the connection, or of a room of which something is missing."""

from __future__ import annotations

from typing import assert_never

from besedka.chat.entries import Kind
from besedka.chat.requests import History
from besedka.chat.told import Page
from besedka.client.events import Jump, Jumped
from besedka.client.link import Back, Known, News, NotKept, TryingAgain
from besedka.words import _, plural


def news_sentence(news: News) -> str:
    """What has become of the connection."""
    match news:
        case TryingAgain(seconds=seconds, why=why):
            text = plural("Trying again in {count} second.", "Trying again in {count} seconds.", max(1, round(seconds)))
            return (why or _("The connection is lost.")) + " " + text
        case Back():
            return _("Back.")
        case Known(key=key):
            return _(
                "This server is new to this device. Its key is {key}; compare it with what the server printed."
            ).format(key=key)
        case NotKept(why=why):
            return why
        case _:
            assert_never(news)


def before_sentence(page: Page, request: History, kind: Kind, where: str) -> str:
    """What is to be said of what lies before a page of history, or of an empty one; else nothing."""
    if page.entries and page.entries[0].number > page.floor:
        return ""
    if not page.entries and (request.after is not None or request.after_time is not None):
        return _("There is nothing there in {room}.").format(room=where)
    if page.floor <= 1:
        return "" if page.entries else _("There is nothing earlier in {room}.").format(room=where)
    if kind is Kind.PUBLIC:
        return _("What was said earlier in {room} is no longer kept.").format(room=where)
    return _("What was said earlier in {room} is no longer kept, or was said before you came.").format(room=where)


def jump_sentence(jumped: Jumped, where: str) -> str:
    """Why entries of a room will not be shown."""
    entries = plural("{count} entry", "{count} entries", jumped.after - jumped.before)
    match jumped.why:
        case Jump.PRUNED:
            text = _("{room}: {entries} you have not seen are no longer kept")
        case Jump.REJOINED:
            text = _("{room}: {entries} while you were not there; /history")
        case Jump.START_OVER:
            text = _("{room} begins anew: its log is not the one it was")
        case _:
            assert_never(jumped.why)
    return text.format(room=where, entries=entries)
