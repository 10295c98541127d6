"""What a room's log holds: entries, and the bodies they can have.

The structures here are also their own encoding: the native protocol, the vectors and the store all write an entry
as the JSON that `msgspec` makes of it. Renaming a field is a change of the protocol and needs a migration.
"""

from __future__ import annotations

from enum import Enum
from typing import NewType

import msgspec

from besedka.chat.principals import AccountName, PrincipalId

RoomId = NewType("RoomId", int)
"""Never reused, from 1."""

RoomName = NewType("RoomName", str)
"""A room's name as it was made, already found valid by `names.room_name`."""

RequestId = NewType("RequestId", str)
"""16 bytes as 32 lower-case hexadecimal digits, time first (UUIDv7, RFC 9562 §5.7): text order is time order."""


class Kind(Enum):
    """What a room is for: a preset of who may find, enter and read it."""

    PUBLIC = "public"
    PRIVATE = "private"
    DIRECT = "direct"
    INBOX = "inbox"
    """An account's own log: what happened to it, for all its devices."""


class Manner(Enum):
    """How a message is meant."""

    SAID = "said"
    DONE = "done"
    NOTED = "noted"


class RoomRole(Enum):
    """What a member may do in a room."""

    OWNER = "owner"
    MODERATOR = "moderator"
    MEMBER = "member"


class Way(Enum):
    """How somebody's membership changed."""

    JOINED = "joined"
    LEFT = "left"
    REMOVED = "removed"
    """Put out: by a kick, or because the account is no more."""


class Person(msgspec.Struct, frozen=True):
    """A principal by id, with its name as it was at the time."""

    principal: PrincipalId
    name: AccountName


class Opened(msgspec.Struct, frozen=True, tag_field="kind", tag="opened"):
    """The first entry of every log: what kind of room this is."""

    room_kind: Kind
    room_name: RoomName = RoomName("")
    """Empty for direct rooms and inboxes."""
    owner: PrincipalId | None = None
    """None makes a passing room: its name is free again when nobody is left in it."""
    pair: tuple[PrincipalId, PrincipalId] | None = None
    """Whose direct room this is, lower id first; both the same for a conversation with oneself."""


class Message(msgspec.Struct, frozen=True, tag_field="kind", tag="message", omit_defaults=True):
    """Something a person wrote. An edit replaces its text where it stands, a redaction takes it away."""

    text: str
    manner: Manner = Manner.SAID
    reply: int = 0
    """The number of the message it answers; 0 for none."""
    mentions: tuple[PrincipalId, ...] = ()
    """The members it calls by name, its author not among them."""
    calls_room: bool = False
    """Whether it calls everybody in the room (`@room`)."""
    breaks: tuple[int, ...] = ()
    """Where its sender cut a long line in two: offsets in characters (IRCv3 draft/multiline-concat)."""
    tags: tuple[tuple[str, str], ...] = ()
    """What the sender's program attached and this server does not know, as it was (IRCv3 client-only tags)."""
    edited: int = 0
    """The number of the last `edit` of it; 0 for none."""
    redacted: int = 0
    """The number of its `redaction`, of which this is the mark that stays: the text is gone."""


class Edited(msgspec.Struct, frozen=True, tag_field="kind", tag="edit", omit_defaults=True):
    """A message says something else from here on."""

    number: int
    """Of the message."""
    text: str
    """Empty where a later edit or a redaction of the message has taken it away."""
    mentions: tuple[PrincipalId, ...] = ()
    author: Person | None = None
    """Whose message it was, where somebody else has edited it."""


class Redacted(msgspec.Struct, frozen=True, tag_field="kind", tag="redaction", omit_defaults=True):
    """What a message said is gone."""

    number: int
    author: Person
    """Whose message it was."""
    reason: str = ""


class Reacted(msgspec.Struct, frozen=True, tag_field="kind", tag="reaction", omit_defaults=True):
    """Somebody put a reaction to a message, or took it back."""

    number: int
    reaction: str
    withdrawn: bool = False


class Tagged(msgspec.Struct, frozen=True, tag_field="kind", tag="tags"):
    """What somebody's program told others, and wants them to find later: no message, and for nobody's eyes."""

    tags: tuple[tuple[str, str], ...]
    """As `Message.tags`."""


class TopicSet(msgspec.Struct, frozen=True, tag_field="kind", tag="topic"):
    """The room's topic from here on."""

    topic: str


class MembershipChanged(msgspec.Struct, frozen=True, tag_field="kind", tag="membership", omit_defaults=True):
    """Some people's membership changed, all in the same way, by one request.

    Guests are in it only where they are put out: their coming and going are signals.
    """

    way: Way
    people: tuple[Person, ...]
    reason: str = ""
    guest: Person | None = None
    """Whoever joined was this guest in the room until it logged in: it stands as the guest did."""


class RoleChange(msgspec.Struct, frozen=True, omit_defaults=True):
    """What somebody may do in the room from here on; None leaves it as it was."""

    person: Person
    role: RoomRole | None = None
    voice: bool | None = None


class RolesChanged(msgspec.Struct, frozen=True, tag_field="kind", tag="roles"):
    """Some people's roles or voices changed, by one request."""

    changes: tuple[RoleChange, ...]


class SettingsChange(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which settings of a room become what; None leaves one as it was, and what is empty or 0 sets no limit."""

    invite_only: bool | None = None
    hidden: bool | None = None
    members_only: bool | None = None
    topic_locked: bool | None = None
    moderated: bool | None = None
    no_ctcp: bool | None = None
    key: str | None = None
    members_max: int | None = None
    slow_seconds: int | None = None
    keep_seconds: int | None = None
    keep_messages: int | None = None

    def __repr__(self) -> str:
        """Without the key."""
        return "<SettingsChange>"


class SettingsChanged(msgspec.Struct, frozen=True, tag_field="kind", tag="settings"):
    """The room's settings changed."""

    change: SettingsChange


class Renamed(msgspec.Struct, frozen=True, tag_field="kind", tag="renamed", omit_defaults=True):
    """The room is called something else from here on; its id stays."""

    room_name: RoomName
    before: RoomName
    reason: str = ""


class Listing(Enum):
    """What a mask is listed for."""

    BAN = "ban"
    """Whoever fits may not join, and may not speak without a voice."""
    MUTE = "mute"
    """Whoever fits may be here, and may not speak without a voice."""
    BAN_EXCEPTION = "ban-exception"
    """Whoever fits is neither banned nor muted."""
    MUTE_EXCEPTION = "mute-exception"
    """Whoever fits is not muted."""
    INVITE_EXCEPTION = "invite-exception"
    """Whoever fits needs no invitation."""


class Mark(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of a list: whom it fits, until when, and why."""

    listing: Listing
    mask: str
    """As it was typed: a name, an address, a network, a mask over name, user name and host, or `a:` and an account."""
    principal: PrincipalId | None = None
    """Whose name the mask was when it was set."""
    until: int | None = None
    """In milliseconds since 1970 UTC; None is for ever."""
    reason: str = ""


class Marked(msgspec.Struct, frozen=True, tag_field="kind", tag="marked"):
    """Somebody is banned, muted or excepted from here on, in place of what was listed for the same mask."""

    mark: Mark


class Unmarked(msgspec.Struct, frozen=True, tag_field="kind", tag="unmarked"):
    """These are no longer listed: lifted by somebody, or (written by the server) because their time is over."""

    listing: Listing
    masks: tuple[str, ...]


class InvitationsChanged(msgspec.Struct, frozen=True, tag_field="kind", tag="invitations", omit_defaults=True):
    """These people may join, or may no longer, by invitation of the author."""

    people: tuple[Person, ...]
    withdrawn: bool = False
    excused: bool = False
    """Whether neither the key nor the limit nor a ban that stands already keeps them out: a moderator invites them."""


class CodeMade(msgspec.Struct, frozen=True, tag_field="kind", tag="code"):
    """An invite code lets whoever has it join, until it expires. The code itself is nowhere kept."""

    digest: str
    """SHA-256 of the code, hexadecimal."""
    until: int
    """In milliseconds since 1970 UTC."""


class DataSet(msgspec.Struct, frozen=True, tag_field="kind", tag="data"):
    """A small value under a key: of a room in its log, of a person in their inbox."""

    key: str
    value: str
    """Empty takes the key away."""


class Archived(msgspec.Struct, frozen=True, tag_field="kind", tag="archived"):
    """A passing room ended: its name is free, its log stays under its id."""


class Entered(msgspec.Struct, frozen=True, tag_field="kind", tag="entered"):
    """Inbox: this account is a member of a room from here on."""

    room: RoomId
    room_kind: Kind
    room_name: RoomName
    number: int
    """The number of the entry that made it so, in that room."""
    people: tuple[Person, ...] = ()
    """The two people of a direct room."""


class Left(msgspec.Struct, frozen=True, tag_field="kind", tag="left"):
    """Inbox: this account is no longer a member of a room; it may read up to `number`."""

    room: RoomId
    number: int
    way: Way = Way.LEFT


class SessionsRevoked(msgspec.Struct, frozen=True, tag_field="kind", tag="revoked"):
    """Inbox: every session token made before this is dead."""


class Invited(msgspec.Struct, frozen=True, tag_field="kind", tag="invited", omit_defaults=True):
    """Inbox: the author invited this account to a room, or withdrew that."""

    room: RoomId
    room_kind: Kind
    room_name: RoomName
    withdrawn: bool = False


class MarkerMoved(msgspec.Struct, frozen=True, tag_field="kind", tag="marker", omit_defaults=True):
    """Inbox: this account has read so far. Neither number nor time ever moves back."""

    target: str
    """The room's id in digits, or the folded name of a room or a person that there may not be."""
    number: int
    time: int
    said: int = 0
    """How many messages the room had by that number."""


class Ignored(msgspec.Struct, frozen=True, tag_field="kind", tag="ignored", omit_defaults=True):
    """Inbox: what this person says is not shown to this account, or is again."""

    person: Person
    withdrawn: bool = False


class Level(Enum):
    """Of what somebody wants to be notified in a room."""

    ALL = "all"
    MENTIONS = "mentions"
    NONE = "none"


class NotifySet(msgspec.Struct, frozen=True, tag_field="kind", tag="notify"):
    """Inbox: how loud a room is for this account."""

    room: RoomId
    level: Level


class ProfileSet(msgspec.Struct, frozen=True, tag_field="kind", tag="profile", omit_defaults=True):
    """Inbox: what this account says of itself; None leaves it as it was."""

    real_name: str | None = None
    bot: bool | None = None
    invisible: bool | None = None
    unlisted: bool | None = None
    accounts_only: bool | None = None


Body = (
    Opened
    | Message
    | Edited
    | Redacted
    | Reacted
    | Tagged
    | TopicSet
    | MembershipChanged
    | RolesChanged
    | SettingsChanged
    | Renamed
    | Marked
    | Unmarked
    | InvitationsChanged
    | CodeMade
    | DataSet
    | Archived
    | Entered
    | Left
    | SessionsRevoked
    | Invited
    | MarkerMoved
    | Ignored
    | NotifySet
    | ProfileSet
)


class Draft(msgspec.Struct, frozen=True):
    """What a request may become once it is allowed."""

    author: PrincipalId
    name: AccountName
    body: Body


class Entry(msgspec.Struct, frozen=True):
    """A draft that has been numbered, and, once the store has said so, kept."""

    number: int
    """From 1, without a gap."""
    time: int
    """Milliseconds since 1970 UTC, growing with the number as P2 says."""
    author: PrincipalId
    name: AccountName
    """The author's name as it was."""
    body: Body
