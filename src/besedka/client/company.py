"""Who is in the rooms, as far as it was told: whom one can name, and whose coming is news."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

import msgspec

from besedka.chat.entries import Entry, MembershipChanged, Person, RoomId
from besedka.chat.names import fold
from besedka.chat.principals import SERVER, PrincipalId
from besedka.chat.text import harmless_line
from besedka.chat.told import Called, People, Presence
from besedka.client.link import Patience
from besedka.words import _

PEOPLE_MAX = 5000
"""Of all rooms together: five large rooms, and looked through in a millisecond."""

RETURNING_SECONDS = Patience().retry_max + 15.0
"""How long others may take to come back after a server's restart: a client's longest wait, and being let in."""


class Met(msgspec.Struct, frozen=True):
    """Somebody who was told of in a room."""

    person: Person
    here: bool | None = None
    """Whether they are, as it was told last; None where it never was."""


class Company:
    """People by room. Those told of first are forgotten first. `now` is a monotonic clock in seconds."""

    def __init__(self) -> None:
        self._met: OrderedDict[tuple[RoomId, PrincipalId], Met] = OrderedDict()
        self._returning_until = 0.0

    def returned(self, now: float) -> None:
        """The connection is there again; where the server was away, everybody comes back as I do."""
        self._returning_until = now + RETURNING_SECONDS

    def arrived(self, room: RoomId, entries: Iterable[Entry]) -> None:
        """Entries name their authors and whom they are about. They may be old: it is not known who is here now."""
        for entry in entries:
            people = entry.body.people if isinstance(entry.body, MembershipChanged) else ()
            for person in (Person(entry.author, entry.name), *people):
                known = self._met.get((room, person.principal))
                self._meet(room, person, here=None if known is None else known.here)

    def listed(self, answer: object) -> None:
        """The answer to who is in a room; nothing else says who is there."""
        if not isinstance(answer, People):
            return
        for line in answer.people:
            self._meet(answer.room, Person(line.principal, line.name), here=line.online)

    def told(self, presence: Presence, now: float, *, arriving: bool) -> Presence:
        """What of a signal is news. Whoever is told of while I am `arriving` was here before me.

        Whoever was known to be here has not come. Just after a lost connection, nor has anybody who was not seen to go:
        the server was away for them too, and does not say who was here before.
        """
        room, came = presence.room, []
        for person in presence.came:
            known = self._met.get((room, person.principal))
            here = None if known is None else known.here
            if not arriving and (here is False or (here is None and now >= self._returning_until)):
                came.append(person)
        for person in (*presence.came, *presence.back, *(one.person for one in presence.away)):
            self._meet(room, person, here=True)
        for person in presence.went:
            self._meet(room, person, here=False)
        return msgspec.structs.replace(presence, came=tuple(came))

    def called(self, told: Called) -> str:
        """Somebody is called otherwise from now on; the sentence that says so."""
        for key, met in list(self._met.items()):
            if key[1] == told.person.principal:
                self._met[key] = Met(told.person, met.here)
        return _("{was} is now called {name}").format(was=harmless_line(told.was), name=harmless_line(told.person.name))

    def names(self, room: RoomId | None) -> list[str]:
        """Everybody's name as it is shown, those told of in this room first, each time the last told of first."""
        latest = list(reversed(self._met))
        names: dict[str, str] = {}
        for key in (*(one for one in latest if one[0] == room), *latest):
            name = harmless_line(self._met[key].person.name)
            names.setdefault(fold(name), name)
        return list(names.values())

    def forget(self) -> None:
        """The rooms are others now."""
        self._met.clear()

    def _meet(self, room: RoomId, person: Person, *, here: bool | None) -> None:
        if person.principal == SERVER:
            return
        self._met[room, person.principal] = Met(person, here)
        self._met.move_to_end((room, person.principal))
        if len(self._met) > PEOPLE_MAX:
            self._met.popitem(last=False)


def presence_sentences(presence: Presence) -> list[tuple[Person, str]]:
    """What is said of whom."""
    said = [
        (person, sentence.format(names=harmless_line(person.name)))
        for people, sentence in (
            (presence.came, _("{names} is here")),
            (presence.went, _("{names} has gone")),
            (presence.back, _("{names} is back")),
        )
        for person in people
    ]
    for away in presence.away:
        why = f": {harmless_line(away.message)}" if away.message else ""
        said.append((away.person, _("{names} is away").format(names=harmless_line(away.person.name)) + why))
    return said
