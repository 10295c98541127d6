"""What an administrator may ask of the whole server by way of IRC, and what people are told of it.

None of it is on the native wire: there an administrator is one by their account, and the operator has the console.
"""

from __future__ import annotations

from besedka.chat.entries import Person
from besedka.chat.requests import Request
from besedka.chat.told import Registration, Unit


class LendAdmin(Request, frozen=True):
    """Let me act as this administrator until my session ends. Answered `done`."""

    name: str
    password: str

    def __repr__(self) -> str:
        """Without the password."""
        return "<LendAdmin>"


class GiveBack(Request, frozen=True):
    """I act for myself again. Answered `done`; refused where nothing was lent."""


class TakenBack(Unit, frozen=True):
    """What was lent to this session has been taken back."""


class Expel(Request, frozen=True):
    """End all sessions of somebody, who may come back. Answered `done`."""

    name: str
    reason: str = ""


class Expelled(Unit, frozen=True):
    """Who has ended this session, and why; its farewell follows."""

    by: Person
    reason: str = ""


class ReadAgain(Request, frozen=True):
    """Read the configuration again. Answered `done`; refused where it is faulty, and then nothing is changed."""


class CallOut(Request, frozen=True):
    """Tell everybody who wants to hear what administrators say. Answered `done`."""

    text: str


class CalledOut(Unit, frozen=True):
    """Signal: what an administrator said to everybody."""

    by: Person
    text: str


class Resettled(Unit, frozen=True):
    """Signal: the operator decides otherwise from here on (a reload)."""

    registration: Registration
    guests: bool
