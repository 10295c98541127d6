"""Who may do what in a room: one table, which reads aloud, and from which `docs/PERMISSIONS.md` is made."""

from __future__ import annotations

from enum import Enum, IntEnum

import msgspec

from besedka.chat.entries import Kind, RoomRole
from besedka.chat.principals import SERVER, AccountRole, Actor, PrincipalId
from besedka.chat.refusals import N_, Code, Refusal
from besedka.chat.rooms import Room


class Rank(IntEnum):
    """How much somebody is in a room, the least first. Whoever is more may do what those who are less may."""

    OUTSIDER = 0
    MEMBER = 1
    VOICED = 2
    MODERATOR = 3
    OWNER = 4
    ADMIN = 5
    """An administrator of the server, in any room that it is in, or that is not hidden; and the server itself."""


class Act(Enum):
    """What can be done in a room, beside joining, leaving and reading."""

    SPEAK = "speak"
    MEND_OWN = "redact one's own"
    SET_TOPIC = "set the topic"
    INVITE = "invite"
    SEE_LISTS = "see the lists"
    CALL_ROOM = "call everybody"
    MEND_OTHERS = "mend others' messages"
    KICK = "kick"
    LIST = "ban, mute and except"
    GIVE_VOICE = "give and take voice"
    MAKE_MODERATOR = "make moderators"
    CHANGE_SETTINGS = "change settings"
    LIMIT_KEEPING = "limit what is kept"
    MAKE_CODE = "make invite codes"
    SET_DATA = "set values"
    RENAME = "rename"
    MAKE_OWNER = "make owners"


class When(msgspec.Struct, frozen=True):
    """A setting of the room that asks for more."""

    setting: str
    """A flag of `RoomSettings`."""
    least: Rank


class Permission(msgspec.Struct, frozen=True):
    """What it takes to do something."""

    act: Act
    words: str
    """What it is, for people."""
    least: Rank
    when: tuple[When, ...] = ()


PERMISSIONS: tuple[Permission, ...] = (
    Permission(
        Act.SPEAK,
        N_("speak: say something, react, edit what one said"),
        Rank.OUTSIDER,
        (When("members_only", Rank.MEMBER), When("moderated", Rank.VOICED)),
    ),
    Permission(Act.MEND_OWN, N_("redact what one said"), Rank.MEMBER),
    Permission(
        Act.SET_TOPIC,
        N_("set the topic"),
        Rank.MEMBER,
        (When("moderated", Rank.VOICED), When("topic_locked", Rank.MODERATOR)),
    ),
    Permission(Act.INVITE, N_("invite, and withdraw invitations"), Rank.MEMBER, (When("invite_only", Rank.MODERATOR),)),
    Permission(Act.SEE_LISTS, N_("see who is banned, muted and excepted"), Rank.MEMBER),
    Permission(Act.CALL_ROOM, N_("call everybody (@room)"), Rank.MODERATOR),
    Permission(Act.MEND_OTHERS, N_("edit and redact what others said"), Rank.MODERATOR),
    Permission(Act.KICK, N_("kick"), Rank.MODERATOR),
    Permission(Act.LIST, N_("ban, mute, except, and lift that"), Rank.MODERATOR),
    Permission(Act.GIVE_VOICE, N_("give and take voice"), Rank.MODERATOR),
    Permission(Act.MAKE_MODERATOR, N_("make and unmake moderators"), Rank.MODERATOR),
    Permission(Act.CHANGE_SETTINGS, N_("change the settings"), Rank.MODERATOR),
    Permission(Act.LIMIT_KEEPING, N_("set how much is kept (keep for, keep last)"), Rank.OWNER),
    Permission(Act.MAKE_CODE, N_("make invite codes"), Rank.MODERATOR),
    Permission(Act.SET_DATA, N_("set the room's values"), Rank.MODERATOR),
    Permission(Act.RENAME, N_("rename the room"), Rank.OWNER),
    Permission(Act.MAKE_OWNER, N_("make and unmake owners, pass the room on"), Rank.OWNER),
)

_BY_ACT = {permission.act: permission for permission in PERMISSIONS}

_RANKS = {RoomRole.OWNER: Rank.OWNER, RoomRole.MODERATOR: Rank.MODERATOR}


def rank(room: Room, actor: Actor) -> Rank:
    """How much somebody who asks is in a room."""
    if actor.principal == SERVER:
        return Rank.ADMIN
    if room.kind is Kind.DIRECT:
        return Rank.MEMBER if actor.inside else Rank.OUTSIDER
    if actor.role is AccountRole.ADMIN and (actor.inside or not room.hidden):
        return Rank.ADMIN
    return rank_of(room, actor.principal) if actor.inside else Rank.OUTSIDER


def rank_of(room: Room, principal: PrincipalId) -> Rank:
    """How much somebody inside is in a room, whatever they are on the server."""
    standing = room.members.get(principal) or room.governance.guests.get(principal)
    if standing is None:
        return Rank.MEMBER
    if standing.role is RoomRole.MODERATOR and room.owner is None:
        return Rank.OWNER  # Nobody is above a moderator where no account owns the room.
    return _RANKS.get(standing.role, Rank.VOICED if standing.voice else Rank.MEMBER)


def least_rank(room: Room, act: Act) -> Rank:
    """What an act takes in a room as it is set."""
    permission = _BY_ACT[act]
    asked = [when.least for when in permission.when if getattr(room.governance.settings, when.setting)]
    return max([permission.least, *asked])


def allowed(room: Room, actor: Actor, act: Act) -> Refusal | None:
    """Why somebody may not do something in a room; None if they may."""
    least = least_rank(room, act)
    return None if rank(room, actor) >= least else Refusal(Code.NOT_ALLOWED, least.name.lower())


def above(room: Room, actor: Actor, target: PrincipalId) -> Refusal | None:
    """Why somebody may not act on this person: those who are more are out of reach. Equals are not, nor oneself."""
    if rank_of(room, target) <= rank(room, actor):
        return None
    return Refusal(Code.NOT_ALLOWED, rank_of(room, target).name.lower())
