"""The commands that act on people: what they are told, who is sent away, kept out or muted, and who owns a room.

All but the last are about the whole server; what a moderator does in a room is that room's. Each is a line of the audit
trail, but for what is said, which everybody reads in the lobby.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

import msgspec

from besedka.admin.deeds import Answer, Ended, MakeInvitation, Status
from besedka.admin.people import DAY_MILLISECONDS
from besedka.admin.running import Running, number
from besedka.chat.entries import RoomRole
from besedka.chat.names import fold
from besedka.chat.refusals import SENTENCES, Code
from besedka.chat.room_requests import SetRole
from besedka.chat.text import harmless_line
from besedka.chat.told import Parting
from besedka.hub.accounts import Account
from besedka.hub.seen import SessionSeen
from besedka.words import _, plural

BAN_DAYS_MAX = 36_500
"""A century."""

FOR_EVER = "ever"
"""In the place of DAYS, where a reason follows a ban without an end."""

REASON_CHARACTERS_MAX = 300
"""What stands in a line of the audit trail."""


async def say(running: Running, words: Sequence[str], answer: Answer) -> Ended:
    """Say something in the lobby, as the server."""
    refusal = await running.governor.say(words[0])
    return answer.refuse(_(refusal.sentence)) if refusal is not None else Ended(Status.FINE)


def _end(running: Running, sessions: Sequence[SessionSeen], parting: Parting) -> int:
    return sum(running.governor.end_session(session.number, parting) for session in sessions)


def _reason(words: Sequence[str], index: int) -> str:
    """Why, for the audit trail alone: the words from there on, if there are any."""
    return harmless_line(words[index])[:REASON_CHARACTERS_MAX] if len(words) > index else ""


async def kick(running: Running, words: Sequence[str], answer: Answer) -> Ended:
    """End the sessions of whoever bears a name; they may come back."""
    folded = fold(words[0])
    theirs = [session for session in running.governor.sessions() if fold(session.name) == folded]
    if not theirs:
        return answer.refuse(_("{name} is not here.").format(name=words[0]))
    name = theirs[0].name
    await running.trail.record("kick", name, reason=_reason(words, 1))
    ended = _end(running, theirs, Parting.KICKED)
    running.log.note("kicked", name=name, sessions=ended)
    sessions = plural("{count} session", "{count} sessions", ended)
    return answer.done(_("{name} is kicked ({sessions}).").format(name=name, sessions=sessions))


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


async def ban(running: Running, words: Sequence[str], answer: Answer) -> Ended:
    """Keep an account, an address or a network out, and end the sessions that it has."""
    ends = len(words) > 1 and words[1].lower() != FOR_EVER
    days = number(words[1], BAN_DAYS_MAX) if ends else None
    if ends and days is None:
        return answer.refuse(
            _("DAYS is a number from 1 to {most}, or {ever}; without it the ban is for ever.").format(
                most=BAN_DAYS_MAX, ever=FOR_EVER
            ),
            Status.MISUSED,
        )
    now = running.clock.now()
    until = None if days is None else now + days * DAY_MILLISECONDS
    network = _network(words[0])
    if network is not None:
        shown = str(network)
        await running.trail.record("ban", shown, reason=_reason(words, 2), until=until)
        await running.people.ban(account=None, address=shown, now=now, until=until)
        here = [session for session in running.governor.sessions() if _lies_in(session.address, network)]
    else:
        account = await running.desk.find(words[0])
        if account is None:
            return answer.refuse(_("There is nobody of that name. A guest is banned by its address; see `who`."))
        shown = account.name
        await running.trail.record("ban", shown, reason=_reason(words, 2), until=until)
        await running.people.ban(account=account.id, address=None, now=now, until=until)
        here = [session for session in running.governor.sessions() if session.principal == account.id]
    running.governor.overtake_logins()
    ended = _end(running, here, Parting.BANNED)
    running.log.note("banned", whom=shown, days=days or "for ever", sessions=ended)
    if days is None:
        banned = _("{whom} is banned for ever").format(whom=shown)
    else:
        banned = plural("{whom} is banned for {count} day", "{whom} is banned for {count} days", days, whom=shown)
    gone = plural("{count} session ended", "{count} sessions ended", ended)
    return answer.done(f"{banned} ({gone}).")


async def unban(running: Running, words: Sequence[str], answer: Answer) -> Ended:
    """Let them in again."""
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
    await running.trail.record("lift ban", shown)
    running.log.note("unbanned", whom=shown)
    return answer.done(_("{whom} is no longer banned.").format(whom=words[0]))


async def _set_muted(
    running: Running, account: Account | None, answer: Answer, *, muted: bool, reason: str = ""
) -> Ended:
    if account is None:
        return answer.refuse(_(SENTENCES[Code.NO_SUCH_PERSON]))
    await running.trail.record("mute" if muted else "lift mute", account.name, reason=reason)
    await running.people.set_muted(account.id, muted)
    running.governor.account_changed(msgspec.structs.replace(account, muted=muted))
    running.log.note("muted" if muted else "unmuted", name=account.name)
    sentence = _("{name} is muted.") if muted else _("{name} may speak again.")
    return answer.done(sentence.format(name=account.name))


async def mute(running: Running, words: Sequence[str], answer: Answer) -> Ended:
    """Take an account's voice in every room."""
    account = await running.desk.find(words[0])
    return await _set_muted(running, account, answer, muted=True, reason=_reason(words, 1))


async def unmute(running: Running, words: Sequence[str], answer: Answer) -> Ended:
    """Give it back."""
    return await _set_muted(running, await running.desk.find(words[0]), answer, muted=False)


async def invite(running: Running, words: Sequence[str], answer: Answer) -> Ended:
    """Make a code for registering."""
    numbers = [int(word) if word.isascii() and word.isdigit() and len(word) < 10 else 0 for word in words]
    return await running.desk.carry_out(MakeInvitation(**dict(zip(("days", "uses"), numbers, strict=False))), answer)


async def owner(running: Running, words: Sequence[str], answer: Answer) -> Ended:
    """Make a member an owner of a room, by an entry of the server's in it: for a room whose owner is gone."""
    room = await running.governor.room_named(words[0])
    if room is None:
        return answer.refuse(_(SENTENCES[Code.NO_SUCH_ROOM]))
    account = await running.desk.find(words[1])
    if account is None:
        return answer.refuse(_(SENTENCES[Code.NO_SUCH_PERSON]))
    refusal = await running.governor.act(SetRole(room=room, name=account.name, role=RoomRole.OWNER))
    if refusal is not None:
        return answer.refuse(_(refusal.sentence))
    running.log.note("owner made", room=room, name=account.name)
    return answer.done(_("{name} owns {room}.").format(name=account.name, room=words[0]))
