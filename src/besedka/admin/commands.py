"""The console's commands as a table: what they are called, what they take, what they do.

The same table serves the terminal, `besedka ctl`, `help` and docs/OPERATING.md.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from besedka.admin.deeds import Answer, AnyDeed, ConsoleLine, Ended, ListUsers, MakeInvitation, Status
from besedka.admin.journal import TAIL_LINES_MAX, ServerLog
from besedka.admin.people import DAY_MILLISECONDS, PeopleDesk
from besedka.admin.ports import Governor, People, Premises, Rooms
from besedka.admin.table import moment, table
from besedka.chat.audit import AuditLine
from besedka.chat.names import fold
from besedka.chat.principals import is_guest
from besedka.chat.refusals import SENTENCES, Code
from besedka.chat.told import Parting
from besedka.hub.accounts import Account
from besedka.hub.faults import StoreFault
from besedka.hub.ports import Clock
from besedka.hub.seen import SessionSeen
from besedka.words import _, plural

LOG_LINES = 20
"""What `log` shows when it is not told how much: a screen."""

ROOMS_SHOWN_MAX = 1000
"""Rooms in one answer; an operator with more asks the database."""

BAN_DAYS_MAX = 36_500
"""A century."""


class Running:
    """The parts of a running server that commands act on."""

    def __init__(
        self,
        *,
        governor: Governor,
        premises: Premises,
        people: People,
        rooms: Rooms,
        desk: PeopleDesk,
        log: ServerLog,
        clock: Clock,
        version: str,
        started: int,
    ) -> None:
        """`started` is in milliseconds since 1970 UTC."""
        self.governor = governor
        self.premises = premises
        self.people = people
        self.rooms = rooms
        self.desk = desk
        self.log = log
        self.clock = clock
        self.version = version
        self.started = started

    async def carry_out(self, deed: AnyDeed, answer: Answer) -> Ended:
        """Do what an operator asks. Never raises: what goes wrong inside is in the log, and said in a sentence."""
        try:
            if isinstance(deed, ConsoleLine):
                return await run(self, deed.line, answer)
            return await self.desk.carry_out(deed, answer)
        except StoreFault as error:
            self.log.fault("store fault", error)
            return answer.refuse(_("The store could not do it; server.log says where."))
        except Exception as error:  # The edge: an operator's mistake must not end the server.
            self.log.fault("command fault", error)
            return answer.refuse(_("That failed inside the server; server.log says where."))


Handler = Callable[[Running, Sequence[str], Answer], Awaitable[Ended]]


class Command(msgspec.Struct, frozen=True):
    """One row of the table."""

    name: str
    arguments: str
    meaning: str
    run: Handler
    words_min: int = 0
    words_max: int = 0
    text: bool = False
    """Whether all that follows the name is one argument."""

    @property
    def usage(self) -> str:
        """How it is typed."""
        return f"{self.name} {self.arguments}".rstrip()


async def run(running: Running, line: str, answer: Answer) -> Ended:
    """Carry out one line; an empty one does nothing."""
    name, _space, rest = line.strip().partition(" ")
    if not name:
        return Ended(Status.FINE)
    command = COMMANDS.get(name.lower())
    if command is None:
        return answer.refuse(_("There is no command {name!r}; `help` lists them.").format(name=name), Status.MISUSED)
    words = ([rest.strip()] if rest.strip() else []) if command.text else rest.split()
    if not command.words_min <= len(words) <= command.words_max:
        return answer.refuse(_("It goes: {usage}").format(usage=command.usage), Status.MISUSED)
    running.log.note("command", name=command.name)
    return await command.run(running, words, answer)


def _sessions(count: int) -> str:
    return plural("{count} session", "{count} sessions", count)


def _number(word: str, most: int) -> int | None:
    """A whole number from 1 to `most`."""
    return int(word) if word.isascii() and word.isdigit() and len(word) < 10 and 1 <= int(word) <= most else None


# What is ---------------------------------------------------------------------------------------------------------


async def _help(_running: Running, _words: Sequence[str], answer: Answer) -> Ended:
    width = max(len(command.usage) for command in COMMANDS.values())
    for command in COMMANDS.values():
        answer.line(f"{command.usage:{width}}  {command.meaning}")
    return Ended(Status.FINE)


async def _status(running: Running, _words: Sequence[str], answer: Answer) -> Ended:
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
            sessions=_sessions(len(sessions)),
            people=plural("{count} person", "{count} people", people),
        )
    )
    answer.line(
        _("{rooms}, {entries} since the start").format(
            rooms=plural("{count} room open", "{count} rooms open", load.rooms_open),
            entries=plural("{count} entry kept", "{count} entries kept", load.kept),
        )
    )
    return Ended(Status.FINE)


async def _who(running: Running, _words: Sequence[str], answer: Answer) -> Ended:
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
    for line in table((_("NAME"), _("ROLE"), _("FROM"), _("BY"), _("SINCE (UTC)")), rows):
        answer.line(line)
    return Ended(Status.FINE)


async def _rooms(running: Running, _words: Sequence[str], answer: Answer) -> Ended:
    seen = await running.rooms.rooms_seen(limit=ROOMS_SHOWN_MAX)
    rows = [(room.name, str(room.members), str(room.messages), room.topic) for room in seen]
    for line in table((_("ROOM"), _("MEMBERS"), _("MESSAGES"), _("TOPIC")), rows):
        answer.line(line)
    return Ended(Status.FINE)


async def _users(running: Running, _words: Sequence[str], answer: Answer) -> Ended:
    return await running.desk.carry_out(ListUsers(), answer)


async def _log(running: Running, words: Sequence[str], answer: Answer) -> Ended:
    count = _number(words[0], TAIL_LINES_MAX) if words else LOG_LINES
    if count is None:
        return answer.refuse(_("N is a number from 1 to {most}.").format(most=TAIL_LINES_MAX), Status.MISUSED)
    for line in running.log.tail(count):
        answer.line(line)
    return Ended(Status.FINE)


# What people may do ----------------------------------------------------------------------------------------------


async def _say(running: Running, words: Sequence[str], answer: Answer) -> Ended:
    refusal = await running.governor.say(words[0])
    return answer.refuse(_(refusal.sentence)) if refusal is not None else Ended(Status.FINE)


def _end(running: Running, sessions: Sequence[SessionSeen], parting: Parting) -> int:
    return sum(running.governor.end_session(session.number, parting) for session in sessions)


async def _kick(running: Running, words: Sequence[str], answer: Answer) -> Ended:
    name = fold(words[0])
    theirs = [session for session in running.governor.sessions() if fold(session.name) == name]
    if not theirs:
        return answer.refuse(_("{name} is not here.").format(name=words[0]))
    ended = _end(running, theirs, Parting.KICKED)
    await running.governor.record(AuditLine("kick", theirs[0].name))
    running.log.note("kicked", name=theirs[0].name, sessions=ended)
    return answer.done(_("{name} is kicked ({sessions}).").format(name=theirs[0].name, sessions=_sessions(ended)))


def _network(word: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(word, strict=False)
    except ValueError:
        return None


def _lies_in(address: str, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    try:
        return ipaddress.ip_address(address.partition("%")[0]) in network
    except ValueError:
        return False


async def _ban(running: Running, words: Sequence[str], answer: Answer) -> Ended:
    days = _number(words[1], BAN_DAYS_MAX) if len(words) > 1 else None
    if len(words) > 1 and days is None:
        return answer.refuse(
            _("DAYS is a number from 1 to {most}; without it the ban is for ever.").format(most=BAN_DAYS_MAX),
            Status.MISUSED,
        )
    now = running.clock.now()
    until = None if days is None else now + days * DAY_MILLISECONDS
    network = _network(words[0])
    if network is not None:
        await running.people.ban(account=None, address=str(network), now=now, until=until)
        shown = str(network)
        here = [session for session in running.governor.sessions() if _lies_in(session.address, network)]
    else:
        account = await running.desk.find(words[0])
        if account is None:
            return answer.refuse(_("There is nobody of that name. A guest is banned by its address; see `who`."))
        await running.people.ban(account=account.id, address=None, now=now, until=until)
        shown = account.name
        here = [session for session in running.governor.sessions() if session.principal == account.id]
    running.governor.overtake_logins()
    ended = _end(running, here, Parting.BANNED)
    await running.governor.record(AuditLine("ban", shown, until=until))
    running.log.note("banned", whom=shown, days=days or "for ever", sessions=ended)
    if days is None:
        banned = _("{whom} is banned for ever").format(whom=shown)
    else:
        banned = plural("{whom} is banned for {count} day", "{whom} is banned for {count} days", days, whom=shown)
    gone = plural("{count} session ended", "{count} sessions ended", ended)
    return answer.done(f"{banned} ({gone}).")


async def _unban(running: Running, words: Sequence[str], answer: Answer) -> Ended:
    network = _network(words[0])
    account = None if network is not None else await running.desk.find(words[0])
    if network is None and account is None:
        return answer.refuse(_(SENTENCES[Code.NO_SUCH_PERSON]))
    lifted = await running.people.unban(
        account=account.id if account else None, address=str(network) if network else None
    )
    if not lifted:
        return answer.refuse(_("{whom} is not banned.").format(whom=words[0]))
    shown = account.name if account else str(network)
    await running.governor.record(AuditLine("lift ban", shown))
    running.log.note("unbanned", whom=shown)
    return answer.done(_("{whom} is no longer banned.").format(whom=words[0]))


async def _bans(running: Running, _words: Sequence[str], answer: Answer) -> Ended:
    rows = [
        (ban.what, moment(ban.since), _("for ever") if ban.until is None else moment(ban.until))
        for ban in await running.people.bans(now=running.clock.now())
    ]
    for line in table((_("WHO"), _("SINCE (UTC)"), _("UNTIL (UTC)")), rows):
        answer.line(line)
    return Ended(Status.FINE)


async def _set_muted(running: Running, account: Account | None, answer: Answer, *, muted: bool) -> Ended:
    if account is None:
        return answer.refuse(_(SENTENCES[Code.NO_SUCH_PERSON]))
    await running.people.set_muted(account.id, muted)
    running.governor.account_changed(msgspec.structs.replace(account, muted=muted))
    await running.governor.record(AuditLine("mute" if muted else "lift mute", account.name))
    running.log.note("muted" if muted else "unmuted", name=account.name)
    sentence = _("{name} is muted.") if muted else _("{name} may speak again.")
    return answer.done(sentence.format(name=account.name))


async def _mute(running: Running, words: Sequence[str], answer: Answer) -> Ended:
    return await _set_muted(running, await running.desk.find(words[0]), answer, muted=True)


async def _unmute(running: Running, words: Sequence[str], answer: Answer) -> Ended:
    return await _set_muted(running, await running.desk.find(words[0]), answer, muted=False)


async def _invite(running: Running, words: Sequence[str], answer: Answer) -> Ended:
    numbers = [int(word) if word.isascii() and word.isdigit() and len(word) < 10 else 0 for word in words]
    return await running.desk.carry_out(MakeInvitation(**dict(zip(("days", "uses"), numbers, strict=False))), answer)


# What the server does --------------------------------------------------------------------------------------------


async def _clear_log(running: Running, _words: Sequence[str], answer: Answer) -> Ended:
    running.log.clear()
    running.log.note("log cleared")
    return answer.done(_("The log is empty."))


async def _pause(running: Running, _words: Sequence[str], answer: Answer) -> Ended:
    running.premises.pause()
    return answer.done(_("New connections wait until `resume`."))


async def _resume(running: Running, _words: Sequence[str], answer: Answer) -> Ended:
    running.premises.go_on()
    return answer.done(_("New connections are accepted."))


async def _reload(running: Running, _words: Sequence[str], answer: Answer) -> Ended:
    reloaded = await running.premises.reload()
    for line in reloaded.lines:
        answer.line(line) if reloaded.good else answer.warn(line)
    return Ended(Status.FINE if reloaded.good else Status.FAILED)


async def _shutdown(running: Running, _words: Sequence[str], answer: Answer) -> Ended:
    running.premises.shut_down()
    return answer.done(_("The server is shutting down."))


COMMANDS = {
    command.name: command
    for command in (
        Command("help", "", _("this list"), _help),
        Command("status", "", _("what the server is doing"), _status),
        Command("who", "", _("who is here, and from where"), _who),
        Command("rooms", "", _("the rooms, without conversations of two"), _rooms),
        Command("users", "", _("everybody registered"), _users),
        Command("say", "TEXT", _("say something in the lobby as the server"), _say, 1, 1, text=True),
        Command("kick", "NAME", _("end somebody's sessions"), _kick, 1, 1),
        Command("ban", "NAME|ADDRESS [DAYS]", _("keep an account, an address or a network out"), _ban, 1, 2),
        Command("unban", "NAME|ADDRESS", _("let them in again"), _unban, 1, 1),
        Command("bans", "", _("who is kept out, and until when"), _bans),
        Command("mute", "NAME", _("take an account's voice everywhere"), _mute, 1, 1),
        Command("unmute", "NAME", _("give it back"), _unmute, 1, 1),
        Command("invite", "[DAYS [USES]]", _("make a code for registering (7 days, once)"), _invite, 0, 2),
        Command("log", "[N]", _("the last N lines of server.log ({count})").format(count=LOG_LINES), _log, 0, 1),
        Command("clear-log", "", _("empty server.log"), _clear_log),
        Command("pause", "", _("stop accepting connections"), _pause),
        Command("resume", "", _("accept them again"), _resume),
        Command("reload", "", _("read the configuration and the certificate again"), _reload),
        Command("shutdown", "", _("end the server"), _shutdown),
    )
}
