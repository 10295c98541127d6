"""Every "no" the server can say, with its sentence: the one table of refusals."""

from __future__ import annotations

from enum import Enum

import msgspec


def N_(sentence: str) -> str:
    """Mark a sentence for translation without translating it; the surface that shows it does that."""
    return sentence


class Code(Enum):
    """The reason of a refusal, as programs read it. Values are on the wire: never change one."""

    BAD_REQUEST = "bad-request"
    UNKNOWN_REQUEST = "unknown-request"
    TOO_LONG = "too-long"
    HELLO_FIRST = "hello-first"
    LOGIN_FIRST = "login-first"
    LOGGED_IN_ALREADY = "logged-in-already"
    BAD_VERSION = "bad-version"
    UNSAFE_WAY = "unsafe-way"
    WRONG_PASSWORD = "wrong-password"
    NAME_UNKNOWN = "name-unknown"
    NAME_TAKEN = "name-taken"
    BAD_NAME = "bad-name"
    NAME_RESERVED = "name-reserved"
    PASSWORD_SHORT = "password-short"
    PASSWORD_LONG = "password-long"
    REGISTRATION_CLOSED = "registration-closed"
    INVITATION_NEEDED = "invitation-needed"
    TOKEN_DEAD = "token-dead"
    GUESTS_CLOSED = "guests-closed"
    BANNED = "banned"
    BUSY = "busy"
    TOO_MANY_ATTEMPTS = "too-many-attempts"
    TOO_MANY_SESSIONS = "too-many-sessions"
    NO_SUCH_ROOM = "no-such-room"
    NO_SUCH_PERSON = "no-such-person"
    NOT_A_MEMBER = "not-a-member"
    BAD_ROOM_NAME = "bad-room-name"
    ROOM_NAME_TAKEN = "room-name-taken"
    ROOM_FULL = "room-full"
    ROOMS_FULL = "rooms-full"
    TOO_MANY_ROOMS = "too-many-rooms"
    PERSON_FULL = "person-full"
    INVITATION_ONLY = "invitation-only"
    CANNOT_LEAVE = "cannot-leave"
    EMPTY_TEXT = "empty-text"
    NOTHING_ASKED = "nothing-asked"
    TEXT_LONG = "text-long"
    BAD_TEXT = "bad-text"
    MUTED = "muted"
    NOT_KEPT = "not-kept"
    BAD_PLACE = "bad-place"
    NOT_ALLOWED = "not-allowed"
    BANNED_HERE = "banned-here"
    MUTED_HERE = "muted-here"
    MODERATED = "moderated"
    SLOW_MODE = "slow-mode"
    WRONG_KEY = "wrong-key"
    LAST_OWNER = "last-owner"
    NO_SUCH_MESSAGE = "no-such-message"
    NOT_HERE = "not-here"
    LIST_FULL = "list-full"
    BAD_MASK = "bad-mask"
    BAD_VALUE = "bad-value"
    DIRECT_ONLY_TALK = "direct-only-talk"
    ACCOUNT_NEEDED = "account-needed"
    NOT_WELCOME = "not-welcome"
    NO_CTCP = "no-ctcp"
    NO_SUCH_SESSION = "no-such-session"
    NICK_FIXED = "nick-fixed"
    NICK_TOO_SOON = "nick-too-soon"
    EXPORT_TOO_SOON = "export-too-soon"
    LAST_ADMIN = "last-admin"


SENTENCES: dict[Code, str] = {
    Code.BAD_REQUEST: N_("That request is not well formed."),
    Code.UNKNOWN_REQUEST: N_("This server does not know that request."),
    Code.TOO_LONG: N_("That is longer than this server accepts."),
    Code.HELLO_FIRST: N_("Say hello first."),
    Code.LOGIN_FIRST: N_("Log in first."),
    Code.LOGGED_IN_ALREADY: N_("You are logged in already."),
    Code.BAD_VERSION: N_("This server speaks another version of the protocol."),
    Code.UNSAFE_WAY: N_("This connection is not safe for a password; connect with TLS."),
    Code.WRONG_PASSWORD: N_("Wrong name or password."),
    Code.NAME_UNKNOWN: N_("Nobody of that name is registered."),
    Code.NAME_TAKEN: N_("That name is taken."),
    Code.BAD_NAME: N_(
        "A name has 1 to 32 letters, digits or _ - . [ ] \\ ^ { | } `,"
        " starts with no digit and no -, and has no . at either end."
    ),
    Code.NAME_RESERVED: N_("That name is reserved."),
    Code.PASSWORD_SHORT: N_("A password has at least 8 characters."),
    Code.PASSWORD_LONG: N_("A password has at most 1024 bytes."),
    Code.REGISTRATION_CLOSED: N_("New accounts are made by the operator of this server only."),
    Code.INVITATION_NEEDED: N_("A valid invitation is needed to register here."),
    Code.TOKEN_DEAD: N_("This session has ended; log in with your password."),
    Code.GUESTS_CLOSED: N_("This server admits no guests."),
    Code.BANNED: N_("You are banned from this server."),
    Code.BUSY: N_("The server is busy; try again in a moment."),
    Code.TOO_MANY_ATTEMPTS: N_("Too many attempts."),
    Code.TOO_MANY_SESSIONS: N_("There are too many sessions."),
    Code.NO_SUCH_ROOM: N_("There is no such room."),
    Code.NO_SUCH_PERSON: N_("There is nobody of that name."),
    Code.NOT_A_MEMBER: N_("You are not in that room."),
    Code.BAD_ROOM_NAME: N_("A room's name has 1 to 50 letters, digits or _ - ."),
    Code.ROOM_NAME_TAKEN: N_("That room's name is taken."),
    Code.ROOM_FULL: N_("That room is full."),
    Code.ROOMS_FULL: N_("This server has as many rooms as it may have."),
    Code.TOO_MANY_ROOMS: N_("You are in too many rooms; leave one first."),
    Code.PERSON_FULL: N_("They are in too many rooms to begin another conversation."),
    Code.INVITATION_ONLY: N_("That room is entered by invitation only."),
    Code.CANNOT_LEAVE: N_("A conversation of two cannot be left."),
    Code.EMPTY_TEXT: N_("There is nothing to say in an empty message."),
    Code.NOTHING_ASKED: N_('Say what to look for: words, a "phrase", a beginning*, from:NAME or has:link.'),
    Code.TEXT_LONG: N_("That text is too long."),
    Code.BAD_TEXT: N_("That text has characters that cannot be sent."),
    Code.MUTED: N_("You are muted on this server."),
    Code.NOT_KEPT: N_("The server cannot keep messages just now; this one was not kept."),
    Code.BAD_PLACE: N_("There is no such place in that room."),
    Code.NOT_ALLOWED: N_("You may not do that in this room."),
    Code.BANNED_HERE: N_("You are banned from that room."),
    Code.MUTED_HERE: N_("You are muted in this room."),
    Code.MODERATED: N_("This room is moderated: only those with a voice may speak."),
    Code.SLOW_MODE: N_("This room is in slow mode; wait a little before your next message."),
    Code.WRONG_KEY: N_("That room needs a key, and that is not it."),
    Code.LAST_OWNER: N_("A room keeps its last owner: make somebody else the owner first."),
    Code.NO_SUCH_MESSAGE: N_("There is no such message in that room."),
    Code.NOT_HERE: N_("They are not in that room."),
    Code.LIST_FULL: N_("That list is as long as it may be."),
    Code.BAD_MASK: N_("That is no name, address, network or mask (name!user@host, with * and ?)."),
    Code.BAD_VALUE: N_("That value is not possible."),
    Code.DIRECT_ONLY_TALK: N_("A conversation of two cannot be governed."),
    Code.ACCOUNT_NEEDED: N_("That needs an account."),
    Code.NOT_WELCOME: N_("They want no conversation with you."),
    Code.NO_CTCP: N_("This room takes no such queries."),
    Code.NO_SUCH_SESSION: N_("There is no such session of yours."),
    Code.NICK_FIXED: N_("People are called by the names of their accounts here."),
    Code.NICK_TOO_SOON: N_("You have changed your name too often; wait a little."),
    Code.EXPORT_TOO_SOON: N_("You have asked for all of it several times lately; wait an hour."),
    Code.LAST_ADMIN: N_("A server keeps its last administrator: have somebody else made one first."),
}


class Refusal(msgspec.Struct, frozen=True):
    """A "no" as a value. Errors of people are never exceptions."""

    code: Code
    detail: str = ""
    """What a program may want beside the code: a field's name, seconds to wait. Never what a person typed."""

    @property
    def sentence(self) -> str:
        """The sentence a person reads, in English; a surface translates it."""
        return SENTENCES[self.code]
