"""The commands that show something: load, sessions, rooms, people, bans, the audit trail, the log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from besedka.admin.deeds import Answer, Ended, ListUsers, Status
from besedka.admin.journal import TAIL_LINES_MAX
from besedka.admin.running import Running, number
from besedka.admin.table import moment, table
from besedka.chat.entries import Listing
from besedka.chat.principals import SERVER, is_guest
from besedka.chat.refusals import N_
from besedka.chat.settings import RoomSettings
from besedka.hub.keeping import AuditRow
from besedka.hub.seen import RoomSeen
from besedka.words import _, plural

LOG_LINES = 20
"""What `log` shows when it is not told how much: a screen."""

AUDIT_LINES = 20
"""The same of `audit`."""

AUDIT_LINES_MAX = 1000
"""Acts in one answer; who wants to see all of them asks the database."""

ROOMS_SHOWN_MAX = 1000
"""Rooms in one answer; an operator with more asks the database."""


async def status(running: Running, _words: Sequence[str], answer: Answer) -> Ended:
    """How busy the server is, and how much it keeps."""
    load, sessions = running.governor.load(), running.governor.sessions()
    seconds = max(0, running.clock.now() - running.started) // 1000
    days, hours, minutes = seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60
    answer.line(
        _("besedka {version}, up {days} d {hours} h {minutes} min {seconds} s").format(
            version=running.version, days=days, hours=hours, minutes=minutes, seconds=seconds % 60
        )
    )
    listening = _("listening on {addresses} (paused)") if running.premises.paused else _("listening on {addresses}")
    answer.line(listening.format(addresses=", ".join(running.premises.listening)))
    people = len({session.principal for session in sessions})
    answer.line(
        _("{connections}, {sessions} of {people}").format(
            connections=plural("{count} connection", "{count} connections", load.connections),
            sessions=plural("{count} session", "{count} sessions", len(sessions)),
            people=plural("{count} person", "{count} people", people),
        )
    )
    answer.line(
        _("{rooms}, {entries} since the start").format(
            rooms=plural("{count} room open", "{count} rooms open", load.rooms_open),
            entries=plural("{count} entry kept", "{count} entries kept", load.kept),
        )
    )
    sizes = [
        _("{file} {mib:.1f} MiB").format(file=file, mib=size / 2**20) for file, size in running.premises.sizes().items()
    ]
    kept = await running.rooms.messages_kept()
    answer.line(
        _("{messages}; on the disk {sizes}").format(
            messages=plural("{count} message kept", "{count} messages kept", kept), sizes=", ".join(sizes)
        )
    )
    return Ended(Status.FINE)


def _show(answer: Answer, header: Sequence[str], rows: Iterable[Sequence[str]]) -> Ended:
    for line in table(header, rows):
        answer.line(line)
    return Ended(Status.FINE)


async def who(running: Running, _words: Sequence[str], answer: Answer) -> Ended:
    """Everybody's sessions."""
    rows = [
        (
            session.name,
            _("guest") if is_guest(session.principal) else session.role.value,
            session.address,
            session.way,
            moment(session.since),
        )
        for session in running.governor.sessions()
    ]
    return _show(answer, (_("NAME"), _("ROLE"), _("FROM"), _("BY"), _("SINCE (UTC)")), rows)


# Rooms -----------------------------------------------------------------------------------------------------------


async def rooms(running: Running, _words: Sequence[str], answer: Answer) -> Ended:
    """Every room that bears a name, hidden ones too."""
    seen = await running.rooms.rooms_seen(limit=ROOMS_SHOWN_MAX)
    header = (_("ROOM"), _("KIND"), _("OWNER"), _("MEMBERS"), _("MESSAGES"), _("SETTINGS"), _("TOPIC"))
    return _show(answer, header, map(_room_row, seen))


def _room_row(seen: RoomSeen) -> tuple[str, ...]:
    return (
        seen.name,
        seen.kind.value,
        _owner(seen),
        str(seen.members),
        str(seen.messages),
        ", ".join(_settings(seen.settings)),
        seen.topic,
    )


def _owner(seen: RoomSeen) -> str:
    """Nothing of a passing room, which has none."""
    if seen.owner is None:
        return ""
    return _("the server") if seen.owner == SERVER else seen.owner_name or _("(gone)")


_FLAGS = {
    "hidden": N_("hidden"),
    "invite_only": N_("invite-only"),
    "moderated": N_("moderated"),
    "topic_locked": N_("topic-locked"),
    "no_ctcp": N_("no-ctcp"),
}


def _settings(settings: RoomSettings) -> list[str]:
    """What is set, as people call it; never the key itself."""
    words = [_(word) for name, word in _FLAGS.items() if getattr(settings, name)]
    if not settings.members_only:
        words.append(_("not members-only"))
    if settings.key:
        words.append(_("key"))
    if settings.members_max:
        words.append(_("limit {count}").format(count=settings.members_max))
    if settings.slow_seconds:
        words.append(_("slow {seconds} s").format(seconds=settings.slow_seconds))
    if settings.keep_seconds:
        words.append(_("keep {seconds} s").format(seconds=settings.keep_seconds))
    if settings.keep_messages:
        words.append(_("keep last {count}").format(count=settings.keep_messages))
    return words


# People ----------------------------------------------------------------------------------------------------------


async def users(running: Running, _words: Sequence[str], answer: Answer) -> Ended:
    """Everybody registered."""
    return await running.desk.carry_out(ListUsers(), answer)


async def bans(running: Running, _words: Sequence[str], answer: Answer) -> Ended:
    """The bans from the server that are in force; those of a room are its members' to see."""
    rows = [
        (ban.what, moment(ban.since), _("for ever") if ban.until is None else moment(ban.until))
        for ban in await running.people.bans(now=running.clock.now())
    ]
    return _show(answer, (_("WHO"), _("SINCE (UTC)"), _("UNTIL (UTC)")), rows)


# What was done ---------------------------------------------------------------------------------------------------


async def audit(running: Running, words: Sequence[str], answer: Answer) -> Ended:
    """The last lines of the audit trail, the newest last."""
    count = number(words[0], AUDIT_LINES_MAX) if words else AUDIT_LINES
    if count is None:
        return answer.refuse(_("N is a number from 1 to {most}.").format(most=AUDIT_LINES_MAX), Status.MISUSED)
    header = (_("TIME (UTC)"), _("WHO"), _("ACT"), _("WHOM"), _("ROOM"), _("UNTIL (UTC)"), _("REASON"))
    return _show(answer, header, map(_audit_row, await running.trail.last(count)))


_LASTING = frozenset(listing.value for listing in Listing)
"""Acts that hold until a time; the others happen once."""


def _audit_row(row: AuditRow) -> tuple[str, ...]:
    line = row.line
    until = "" if line.until is None else moment(line.until)
    if line.until is None and line.act in _LASTING:
        until = _("for ever")
    return (moment(row.time), row.by, line.act, line.whom, row.room, until, line.reason)


async def log(running: Running, words: Sequence[str], answer: Answer) -> Ended:
    """The last lines of the service log."""
    count = number(words[0], TAIL_LINES_MAX) if words else LOG_LINES
    if count is None:
        return answer.refuse(_("N is a number from 1 to {most}.").format(most=TAIL_LINES_MAX), Status.MISUSED)
    for line in running.log.tail(count):
        answer.line(line)
    return Ended(Status.FINE)
