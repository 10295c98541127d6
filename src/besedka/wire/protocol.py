"""What the hub needs of a protocol: its doors, and a format that sessions can share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from besedka.chat.entries import Body, Entry
from besedka.chat.principals import PrincipalId
from besedka.chat.requests import Malformed, Request
from besedka.chat.rooms import Room
from besedka.chat.told import Unit


class Format(Protocol):
    """How entries look on one kind of session. One object serves all sessions whose bytes are the same."""

    def run(self, room: Room, entries: Sequence[Entry]) -> bytes:
        """Consecutive entries of a room, encoded once for every reader. Empty where this format shows none of them."""
        ...

    def each(self, room: Room, entries: Sequence[Entry]) -> list[bytes]:
        """The same entry by entry, for sessions that are not shown all of them: one after the other they are a run."""
        ...

    def ignoring(self, people: frozenset[PrincipalId]) -> Format:
        """The same without what these people say; itself where that is left to the client (DESIGN §3)."""
        ...


class ServerProtocol(Protocol):
    """The server's end of one connection's conversation. Nothing here raises because of what a peer sent."""

    @property
    def format(self) -> Format:
        """How this session reads entries, as long as its account ignores nobody. May change where it `converses`."""
        ...

    @property
    def enters_lobby(self) -> bool:
        """Whether somebody who comes for the first time, or as a guest, is put in the lobby."""
        ...

    @property
    def sees_guests(self) -> bool:
        """Whether guests' coming and going is told at once, as `GuestsMoved`; otherwise `Presence` is enough."""
        ...

    @property
    def answers_moves(self) -> bool:
        """Whether a coming or going of its own that it does not echo is told in its answer, before the room's run."""
        ...

    @property
    def labelled(self) -> bool:
        """Whether what is asked now is answered by what it does (IRC), which the room's run then leaves out."""
        ...

    @property
    def hears_asides(self) -> bool:
        """Whether it is told what is said aside (`wire.asides`)."""
        ...

    @property
    def follows_keenly(self) -> bool:
        """Whether it wants to know more of those whom it follows than that they come and go."""
        ...

    @property
    def user(self) -> str:
        """What its peer says it is called on its own machine (IRC); empty where nobody is asked."""
        ...

    @property
    def last_words(self) -> str:
        """Why its peer has left, as far as it said so."""
        ...

    @property
    def echoes_all(self) -> bool:
        """Whether `echoes` is always true, which is asked first: it is for most messages."""
        ...

    def echoes(self, room: Room, body: Body) -> bool:
        """Whether the session is shown such an entry of its own in the room's run."""
        ...

    @property
    def handshake(self) -> bool:
        """Whether the peer must say `hello` first; otherwise it is welcomed on connecting."""
        ...

    @property
    def pings(self) -> bool:
        """Whether a silent peer can be asked for a sign of life."""
        ...

    @property
    def converses(self) -> bool:
        """Whether the protocol leads a dialogue of its own, so that the hub must serve its two other doors too.

        Where this is true: after each `receive`, what `prompt` returns is written at once; and after each `tell` that
        leaves it `restless`, `receive(b"")` is called (and so `prompt` after it).
        """
        ...

    @property
    def restless(self) -> bool:
        """Whether what it was told makes it ask something, or say something more."""
        ...

    def receive(self, data: bytes) -> Sequence[Request | Malformed]:
        """Bytes in (any cut of the stream), requests out, in order. After a fatal `Malformed` nothing more comes."""
        ...

    def prompt(self) -> bytes:
        """What the protocol says of its own accord since this was last called; empty unless it `converses`."""
        ...

    def tell(self, unit: Unit) -> bytes:
        """What the peer is told, as bytes; empty where this protocol has no words for it."""
        ...

    def logged_in(self) -> None:
        """The session has said who it is: the larger bounds hold from here on."""
        ...
