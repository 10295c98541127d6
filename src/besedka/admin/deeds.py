"""What an operator can ask of the server, and how it is answered: the words of the control socket.

A connection carries one deed as a line of JSON, then lines of JSON back: any number of `Said`, and `Ended` last.
Passwords travel here and never on a command line, where every user of the machine could read them.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

import msgspec

from besedka.admin.noting import Deed, NoteBackup
from besedka.admin.oldusers import BadLine, OldUser
from besedka.chat.entries import Entry, RoomId, RoomName
from besedka.chat.importing import Imported
from besedka.chat.principals import AccountRole
from besedka.chat.text import harmless_line
from besedka.hub.importing import NewRoom

DEED_BYTES_MAX = 1 << 20
"""One deed: what `IMPORT_AT_ONCE_MAX` people take, some times over."""

IMPORT_AT_ONCE_MAX = 100
"""People of an import in one deed: some seconds of hashing, so that a lost connection loses little."""


class Status(IntEnum):
    """The exit status of a command."""

    FINE = 0
    FAILED = 1
    MISUSED = 2


class ConsoleLine(Deed, frozen=True, tag="console"):
    """A line as it is typed on the console."""

    line: str


class AddUser(Deed, frozen=True, tag="add"):
    """Make an account."""

    name: str
    password: str
    admin: bool = False


class ListUsers(Deed, frozen=True, tag="list"):
    """Show everybody registered."""


class MakeInvitation(Deed, frozen=True, tag="invite"):
    """Make a code by which people register themselves."""

    days: int = 7
    uses: int = 1


class SetPassword(Deed, frozen=True, tag="passwd"):
    """Give an account another password, ending its sessions."""

    name: str
    password: str


class SetRole(Deed, frozen=True, tag="role"):
    """Make an account an administrator, or no longer one."""

    name: str
    role: AccountRole


class RemoveUser(Deed, frozen=True, tag="remove"):
    """End an account for ever."""

    name: str
    redact: bool = False
    """Whether what it said is taken back too."""


class ReadPerson(Deed, frozen=True, tag="person-read"):
    """Show a part of everything that is known of somebody."""

    name: str
    after: str = ""
    """Where the part before this one said that it begins."""


class ImportUsers(Deed, frozen=True, tag="import"):
    """Make accounts of people from an old users file."""

    users: tuple[OldUser, ...]


class ReadRoom(Deed, frozen=True, tag="room-read"):
    """Show a part of a room's log: what comes after a number."""

    room: str | RoomId
    """Its name, or its id once that is known: rooms are renamed."""
    after: int = 0


class BeginImport(Deed, frozen=True, tag="room-begin"):
    """Open a room that nobody finds, for what is to be brought into it."""

    name: str
    owner: str
    new: NewRoom


class BringEntries(Deed, frozen=True, tag="room-bring"):
    """Keep a part of what is brought into it."""

    room: RoomId
    after: int
    entries: tuple[Imported, ...]


class FinishImport(Deed, frozen=True, tag="room-finish"):
    """Everything is there: name it, and put its owner into it."""

    room: RoomId
    name: str
    owner: str


RoomDeed = ReadRoom | BeginImport | BringEntries | FinishImport

AnyDeed = (
    ConsoleLine
    | AddUser
    | ListUsers
    | MakeInvitation
    | SetPassword
    | SetRole
    | RemoveUser
    | ImportUsers
    | ReadPerson
    | ReadRoom
    | BeginImport
    | BringEntries
    | FinishImport
    | NoteBackup
)


class Said(msgspec.Struct, frozen=True, tag_field="is", tag="said", omit_defaults=True):
    """A line for the operator."""

    text: str
    fault: bool = False
    """Whether it belongs on the error output."""


class RoomPart(msgspec.Struct, frozen=True, tag_field="is", tag="room-part"):
    """Some of a room's log, and what the room is."""

    room: RoomId
    name: RoomName
    topic: str
    hidden: bool
    invite_only: bool
    floor: int
    head: int
    entries: tuple[Entry, ...]
    """In their order, as those inside are told them; none where there are no more."""

    def __repr__(self) -> str:
        """Without what was said."""
        return f"<RoomPart of {len(self.entries)}>"


class PersonPart(msgspec.Struct, frozen=True, tag_field="is", tag="person-part"):
    """Some of what is known of somebody, as `hub.exporting` has it."""

    text: str
    next: str

    def __repr__(self) -> str:
        """Without what is in it."""
        return f"<PersonPart of {len(self.text)}>"


HandOver = Callable[[RoomPart | PersonPart], None]
"""Takes what no terminal shows."""

Told = Said | RoomPart | PersonPart


class Ended(msgspec.Struct, frozen=True, tag_field="is", tag="ended", omit_defaults=True):
    """The deed is over."""

    status: Status
    count: int = 0
    """Of an import: accounts made, or the room begun."""
    refused: tuple[BadLine, ...] = ()
    """Of an import: who was not registered, for the asker to list among the lines that it could not read."""


class Answer:
    """Where a deed's words go, each as one harmless line."""

    def __init__(self, tell: Callable[[Said], None], hand_over: HandOver | None = None) -> None:
        """`hand_over` is for what no terminal shows."""
        self._tell = tell
        self._hand_over = hand_over

    def line(self, text: str) -> None:
        """Something the operator asked for."""
        self._tell(Said(harmless_line(text)))

    def show(self, part: RoomPart | PersonPart) -> None:
        """A part of a room or of a person, as it is: whoever asked for it writes a file of it."""
        assert self._hand_over is not None, "only a command of its own asks for these"
        self._hand_over(part)

    def warn(self, text: str) -> None:
        """Something the operator should know."""
        self._tell(Said(harmless_line(text), fault=True))

    def done(self, text: str) -> Ended:
        """It was done, and this is what there is to say."""
        self.line(text)
        return Ended(Status.FINE)

    def refuse(self, text: str, status: Status = Status.FAILED) -> Ended:
        """It was not done, and this is why."""
        self.warn(text)
        return Ended(status)
