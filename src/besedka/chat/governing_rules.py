"""How a room is governed: settings, names, roles, lists, invitations.

Who may is in `permissions`; what else must hold is here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from besedka.chat.entries import (
    CodeMade,
    DataSet,
    Draft,
    InvitationsChanged,
    Kind,
    Listing,
    Mark,
    Marked,
    MembershipChanged,
    Person,
    Renamed,
    RoleChange,
    RolesChanged,
    RoomRole,
    SettingsChange,
    SettingsChanged,
    Unmarked,
    Way,
)
from besedka.chat.governance import Standing
from besedka.chat.masks import fits, is_same, listed, valid_mask
from besedka.chat.names import fold
from besedka.chat.permissions import Act, above, allowed
from besedka.chat.principals import Actor, PrincipalId, is_account
from besedka.chat.refusals import Code, Refusal
from besedka.chat.requests import Write
from besedka.chat.room_requests import (
    ChangeSettings,
    Invite,
    Kick,
    LiftMark,
    MakeCode,
    Rename,
    SetData,
    SetMark,
    SetRole,
    Transfer,
    Uninvite,
)
from besedka.chat.rooms import Room
from besedka.chat.settings import effective
from besedka.chat.text import one_line
from besedka.chat.verdicts import Circumstances, Verdict, absent, draft, last_owner, member_called, present_person
from besedka.limits import Limits

_KEY_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_./-")

KEY_CHARACTERS_MAX = 50
"""A room's key: no spaces and no commas, so that every client can type it."""


def may_govern(room: Room, actor: Actor, act: Act) -> Refusal | None:
    """Why somebody may not govern a room so; None if they may. Administrators need not be inside."""
    refusal = absent(room, actor)
    if refusal is not None and (refusal.code is Code.NO_SUCH_ROOM or allowed(room, actor, act) is not None):
        return refusal
    if room.kind is Kind.DIRECT:
        return Refusal(Code.DIRECT_ONLY_TALK)
    return allowed(room, actor, act)


def _unheard(actor: Actor) -> Refusal | None:
    """Why somebody may not put words of their own where everybody reads them."""
    return Refusal(Code.MUTED) if actor.muted else None


def _settings(room: Room, actor: Actor, request: Write, circumstances: Circumstances) -> Verdict:
    change = cast(ChangeSettings, request).change
    forgets = change.keep_seconds is not None or change.keep_messages is not None  # What is forgotten is gone for good.
    refusal = may_govern(room, actor, Act.LIMIT_KEEPING if forgets else Act.CHANGE_SETTINGS)
    if refusal is not None:
        return refusal
    wrong = _impossible(change, circumstances.limits)
    if wrong is not None:
        return Refusal(Code.BAD_VALUE, wrong)
    effected = effective(room.governance.settings, change)
    return () if effected == SettingsChange() else (draft(actor, SettingsChanged(effected)),)


def is_key(text: str) -> bool:
    """Whether this can be a room's key."""
    return 0 < len(text) <= KEY_CHARACTERS_MAX and not any(one in " ,:" or not one.isprintable() for one in text)


def _impossible(change: SettingsChange, limits: Limits) -> str | None:
    """The name of a setting that cannot be what is asked."""
    if change.key and not is_key(change.key):
        return "key"
    if not 0 <= (change.members_max or 0) <= limits.members_max:
        return "members_max"
    if not 0 <= (change.keep_seconds or 0) <= limits.keep_seconds_max:
        return "keep_seconds"
    if not 0 <= (change.keep_messages or 0) <= limits.keep_messages_max:
        return "keep_messages"
    return None if 0 <= (change.slow_seconds or 0) <= limits.slow_seconds_max else "slow_seconds"


def _rename(room: Room, actor: Actor, request: Write, circumstances: Circumstances) -> Verdict:
    refusal = may_govern(room, actor, Act.RENAME) or _unheard(actor)
    if refusal is not None:
        return refusal
    name, reason = circumstances.room_name, _reason(cast(Rename, request).reason, actor, circumstances)
    if isinstance(reason, Refusal):
        return reason
    return () if name == room.name else (draft(actor, Renamed(name, room.name, reason)),)


def is_data_key(raw: str, limits: Limits) -> bool:
    """Whether a value can be kept under this key, in whatever case it is written."""
    return 0 < len(raw) <= limits.data_key_bytes_max and set(raw.lower()) <= _KEY_LETTERS


def _data(room: Room, actor: Actor, request: Write, circumstances: Circumstances) -> Verdict:
    """A value of a room, or, where the room is one's inbox, of oneself."""
    data, limits = cast(SetData, request), circumstances.limits
    own = room.kind is Kind.INBOX and room.owner == actor.principal
    refusal = None if own else may_govern(room, actor, Act.SET_DATA) or _unheard(actor)
    if refusal is not None:
        return refusal
    key = data.key.lower()
    if not is_data_key(key, limits):
        return Refusal(Code.BAD_VALUE, "key")
    value = one_line(data.value, bytes_max=limits.data_value_bytes_max)
    if isinstance(value, Refusal):
        return value
    if room.data.get(key, "") == value:
        return ()
    if key not in room.data and len(room.data) >= limits.data_keys_max:
        return Refusal(Code.LIST_FULL)
    return (draft(actor, DataSet(key, value)),)


# People ----------------------------------------------------------------------------------------------------------


def _reason(raw: str, actor: Actor, circumstances: Circumstances) -> str | Refusal:
    """Why, as it is kept; who is muted on the whole server governs without a word."""
    return one_line("" if actor.muted else raw, bytes_max=circumstances.limits.reason_bytes_max)


def _kick(room: Room, actor: Actor, request: Write, circumstances: Circumstances) -> Verdict:
    kick = cast(Kick, request)
    refusal = may_govern(room, actor, Act.KICK)
    if refusal is not None:
        return refusal
    whom = present_person(room, kick.name, circumstances)
    if isinstance(whom, Refusal):
        return whom
    refusal = above(room, actor, whom.principal) or last_owner(room, (whom,))
    if refusal is not None:
        return refusal
    reason = _reason(kick.reason, actor, circumstances)
    return reason if isinstance(reason, Refusal) else (_put_out(actor, (whom,), reason),)


def _put_out(actor: Actor, people: tuple[Person, ...], reason: str) -> Draft:
    return draft(actor, MembershipChanged(Way.REMOVED, people, reason))


def _mark(room: Room, actor: Actor, request: Write, circumstances: Circumstances) -> Verdict:
    asked, limits = cast(SetMark, request), circumstances.limits
    refusal = may_govern(room, actor, Act.LIST)
    if refusal is not None:
        return refusal
    mask, reason = valid_mask(asked.mask), _reason(asked.reason, actor, circumstances)
    if isinstance(mask, Refusal):
        return mask
    if isinstance(reason, Refusal):
        return reason
    principal = _whose(room, mask, circumstances)
    against = asked.listing in (Listing.BAN, Listing.MUTE)
    refusal = None if principal is None or not against else above(room, actor, principal)
    if refusal is not None:
        return refusal
    others = [one for one in room.governance.of_listing(asked.listing) if fold(one.mark.mask) != fold(mask)]
    if len(others) >= limits.marks_max:
        return Refusal(Code.LIST_FULL)
    until = circumstances.now + asked.seconds * 1000 if asked.seconds else None
    if until is not None and until >= 1 << 53:
        return Refusal(Code.BAD_VALUE, "seconds")
    mark = Mark(asked.listing, mask, principal, until, reason)
    stands = any(one.mark == mark for one in room.governance.listed)
    drafts = () if stands else (draft(actor, Marked(mark)),)
    out = _fitting(room, actor, mark, circumstances) if asked.put_out and against else ()
    refusal = last_owner(room, out)
    return refusal or ((*drafts, _put_out(actor, out, reason)) if out else drafts)


def _whose(room: Room, mask: str, circumstances: Circumstances) -> PrincipalId | None:
    """Whose name the mask is, if it is anybody's."""
    member = member_called(room, mask, circumstances)
    if member is not None:
        return member.principal
    bearer = circumstances.nicks.get(fold(mask))
    if bearer is not None:
        return bearer
    other = circumstances.other
    return other.principal if other is not None and fold(other.name) == fold(mask) else None


def _fitting(room: Room, actor: Actor, mark: Mark, circumstances: Circumstances) -> tuple[Person, ...]:
    """Those in the room whom a mark fits; the actor is spared, those above it, and, unless named, the excepted."""
    found: dict[PrincipalId, Person] = {}
    member = None if mark.principal is None else room.members.get(mark.principal)
    if member is not None and mark.principal is not None:
        found[mark.principal] = Person(mark.principal, member.name)
    for one in circumstances.present:
        excepted = mark.principal is None and listed(room, Listing.BAN_EXCEPTION, one, circumstances.now)
        if fits(mark, one) and not excepted:
            found[one.principal] = Person(one.principal, one.name)
    found.pop(actor.principal, None)
    return tuple(person for person in found.values() if above(room, actor, person.principal) is None)


def _lift(room: Room, actor: Actor, request: Write, _circumstances: Circumstances) -> Verdict:
    asked = cast(LiftMark, request)
    refusal = may_govern(room, actor, Act.LIST)
    if refusal is not None:
        return refusal
    masks = tuple(
        one.mark.mask for one in room.governance.of_listing(asked.listing) if is_same(one.mark.mask, asked.mask)
    )
    return (draft(actor, Unmarked(asked.listing, masks)),) if masks else ()


# Roles -----------------------------------------------------------------------------------------------------------


def _role(room: Room, actor: Actor, request: Write, circumstances: Circumstances) -> Verdict:
    asked = cast(SetRole, request)
    refusal = may_govern(room, actor, Act.GIVE_VOICE)
    if refusal is not None:
        return refusal
    whom = present_person(room, asked.name, circumstances)
    if isinstance(whom, Refusal):
        return whom
    standing = room.members.get(whom.principal) or room.governance.guests.get(whom.principal) or Standing()
    role = None if asked.role is standing.role else asked.role
    voice = None if asked.voice is standing.voice else asked.voice
    if role is None and voice is None:
        return ()
    refusal = above(room, actor, whom.principal) or _role_refused(room, actor, whom, role)
    return refusal or (draft(actor, RolesChanged((RoleChange(whom, role, voice),))),)


def _role_refused(room: Room, actor: Actor, whom: Person, role: RoomRole | None) -> Refusal | None:
    """Why somebody may not be given this role by the actor; None if they may."""
    if role is None:
        return None
    owns = room.members.get(whom.principal)
    unmakes_owner = owns is not None and owns.role is RoomRole.OWNER
    refusal = allowed(room, actor, Act.MAKE_OWNER if role is RoomRole.OWNER or unmakes_owner else Act.MAKE_MODERATOR)
    if refusal is not None:
        return refusal
    if role is RoomRole.OWNER and not is_account(whom.principal):
        return Refusal(Code.ACCOUNT_NEEDED)
    return last_owner(room, (whom,), stay=True) if unmakes_owner else None


def _transfer(room: Room, actor: Actor, request: Write, circumstances: Circumstances) -> Verdict:
    refusal = may_govern(room, actor, Act.MAKE_OWNER)
    if refusal is not None:
        return refusal
    whom = present_person(room, cast(Transfer, request).name, circumstances)
    if isinstance(whom, Refusal):
        return whom
    if not is_account(whom.principal):
        return Refusal(Code.ACCOUNT_NEEDED)
    mine = room.members.get(actor.principal)
    changes = () if room.members[whom.principal].role is RoomRole.OWNER else (RoleChange(whom, RoomRole.OWNER),)
    if mine is not None and mine.role is RoomRole.OWNER and whom.principal != actor.principal:
        changes = (*changes, RoleChange(Person(actor.principal, actor.name), RoomRole.MODERATOR))
    return (draft(actor, RolesChanged(changes)),) if changes else ()


# Invitations -----------------------------------------------------------------------------------------------------


def _invite(room: Room, actor: Actor, request: Write, circumstances: Circumstances) -> Verdict:
    refusal = may_govern(room, actor, Act.INVITE)
    if refusal is not None:
        return refusal
    asked, other = cast(Invite, request), circumstances.other
    if member_called(room, asked.name, circumstances) is not None or circumstances.other_here:
        return ()
    if other is None:
        return Refusal(Code.NO_SUCH_PERSON)
    if room.kind is Kind.PRIVATE and not is_account(other.principal):
        return Refusal(Code.ACCOUNT_NEEDED)
    excused = allowed(room, actor, Act.LIST) is None
    if _is_welcome(room, other.principal, excused=excused):
        return ()
    accounts = sum(map(is_account, room.governance.invited)) - (other.principal in room.governance.invited)
    if is_account(other.principal) and accounts >= circumstances.limits.invited_max:
        return Refusal(Code.LIST_FULL)
    return (draft(actor, InvitationsChanged((other,), excused=excused)),)


def _is_welcome(room: Room, principal: PrincipalId, *, excused: bool) -> bool:
    """Whether inviting somebody once more would change nothing; a ban that was set since then is one to excuse from."""
    governance = room.governance
    if not excused or principal not in governance.invited:
        return principal in governance.invited
    since = governance.excused.get(principal)
    return since is not None and all(one.since < since for one in governance.of_listing(Listing.BAN))


def _uninvite(room: Room, actor: Actor, _request: Write, circumstances: Circumstances) -> Verdict:
    refusal = may_govern(room, actor, Act.INVITE)
    if refusal is not None:
        return refusal
    other = circumstances.other
    if other is None:
        return Refusal(Code.NO_SUCH_PERSON)
    invited = other.principal in room.governance.invited
    return (draft(actor, InvitationsChanged((other,), withdrawn=True)),) if invited else ()


def _code(room: Room, actor: Actor, request: Write, circumstances: Circumstances) -> Verdict:
    refusal = may_govern(room, actor, Act.MAKE_CODE)
    if refusal is not None:
        return refusal
    seconds = cast(MakeCode, request).seconds
    if not 0 < seconds <= circumstances.limits.code_seconds_max:
        return Refusal(Code.BAD_VALUE, "seconds")
    return (draft(actor, CodeMade(circumstances.code, circumstances.now + seconds * 1000)),)


GOVERNING_RULES: dict[type[Write], Callable[[Room, Actor, Write, Circumstances], Verdict]] = {
    ChangeSettings: _settings,
    Rename: _rename,
    SetData: _data,
    Kick: _kick,
    SetMark: _mark,
    LiftMark: _lift,
    SetRole: _role,
    Transfer: _transfer,
    Invite: _invite,
    Uninvite: _uninvite,
    MakeCode: _code,
}
