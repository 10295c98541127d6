"""The console's commands as a table: what they are called, what they take, what they do.

The same table serves the terminal, `besedka ctl`, `help` and docs/OPERATING.md.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from besedka.admin import governing, looking, safekeeping
from besedka.admin.deeds import Answer, AnyDeed, ConsoleLine, Ended, RoomDeed, Status
from besedka.admin.noting import NoteBackup
from besedka.admin.running import Handler, Running
from besedka.hub.faults import StoreFault
from besedka.words import _


async def carry_out(running: Running, deed: AnyDeed, answer: Answer) -> Ended:
    """Do what an operator asks. Never raises: what goes wrong inside is in the log, and said in a sentence."""
    try:
        if isinstance(deed, ConsoleLine):
            return await run(running, deed.line, answer)
        if isinstance(deed, RoomDeed):
            return await running.room_desk.carry_out(deed, answer)
        if isinstance(deed, NoteBackup):
            return await safekeeping.note_backup(deed, running.log, running.trail)
        return await running.desk.carry_out(deed, answer)
    except StoreFault as error:
        running.log.fault("store fault", error)
        return answer.refuse(_("The store could not do it; server.log says where."))
    except Exception as error:  # The edge: an operator's mistake must not end the server.
        running.log.fault("command fault", error)
        return answer.refuse(_("That failed inside the server; server.log says where."))


class Command(msgspec.Struct, frozen=True):
    """One row of the table."""

    name: str
    arguments: str
    meaning: str
    run: Handler
    words_min: int = 0
    words_max: int = 0
    text: bool = False
    """Whether the last of them is all the rest of the line."""

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
    words = rest.strip().split(maxsplit=command.words_max - 1) if command.text else rest.split()
    if not command.words_min <= len(words) <= command.words_max:
        return answer.refuse(_("It goes: {usage}").format(usage=command.usage), Status.MISUSED)
    running.log.note("command", name=command.name)
    return await command.run(running, words, answer)


async def _help(_running: Running, _words: Sequence[str], answer: Answer) -> Ended:
    width = max(len(command.usage) for command in COMMANDS.values())
    for command in COMMANDS.values():
        answer.line(f"{command.usage:{width}}  {command.meaning}")
    return Ended(Status.FINE)


# What the server does --------------------------------------------------------------------------------------------


async def _clear_log(running: Running, _words: Sequence[str], answer: Answer) -> Ended:
    running.log.clear()
    running.log.note("log cleared")
    return answer.done(_("The log is empty."))


async def _scrub(running: Running, _words: Sequence[str], answer: Answer) -> Ended:
    if await running.rooms.scrub():
        return answer.done(_("Nothing of what was taken back is left in the files."))
    return answer.refuse(_("Somebody is reading just now. It is done within the hour by itself; or try again."))


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
        Command("status", "", _("what the server is doing"), looking.status),
        Command("who", "", _("who is here, and from where"), looking.who),
        Command("rooms", "", _("the rooms, without conversations of two"), looking.rooms),
        Command("users", "", _("everybody registered"), looking.users),
        Command("say", "TEXT", _("say something in the lobby as the server"), governing.say, 1, 1, text=True),
        Command("kick", "NAME [REASON]", _("end somebody's sessions"), governing.kick, 1, 2, text=True),
        Command(
            "ban",
            "NAME|ADDRESS [DAYS [REASON]]",
            _("keep an account, an address or a network out (`ever` for DAYS is for ever, as without)"),
            governing.ban,
            1,
            3,
            text=True,
        ),
        Command("unban", "NAME|ADDRESS", _("let them in again"), governing.unban, 1, 1),
        Command("bans", "", _("who is kept out, and until when"), looking.bans),
        Command("mute", "NAME [REASON]", _("take an account's voice everywhere"), governing.mute, 1, 2, text=True),
        Command("unmute", "NAME", _("give it back"), governing.unmute, 1, 1),
        Command("owner", "ROOM NAME", _("make a member an owner of a room"), governing.owner, 2, 2),
        Command("invite", "[DAYS [USES]]", _("make a code for registering (7 days, once)"), governing.invite, 0, 2),
        Command(
            "audit",
            "[N]",
            _("the last N acts of moderation ({count})").format(count=looking.AUDIT_LINES),
            looking.audit,
            0,
            1,
        ),
        Command("scrub", "", _("see now that nothing of what was taken back is left in the files"), _scrub),
        Command(
            "log",
            "[N]",
            _("the last N lines of server.log ({count})").format(count=looking.LOG_LINES),
            looking.log,
            0,
            1,
        ),
        Command("clear-log", "", _("empty server.log"), _clear_log),
        Command("pause", "", _("stop accepting connections"), _pause),
        Command("resume", "", _("accept them again"), _resume),
        Command("reload", "", _("read the configuration and the certificate again"), _reload),
        Command("shutdown", "", _("end the server"), _shutdown),
    )
}
