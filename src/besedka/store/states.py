"""How what seldom changes of a room lies in one column each: JSON, or nothing where all is as it began."""

from __future__ import annotations

import msgspec
from immutables import Map

from besedka.chat.entries import Kind, Level, Person, RoomId, RoomName
from besedka.chat.governance import Governance, Listed, Standing
from besedka.chat.personal import Invitation, Marker, Personal, Profile
from besedka.chat.principals import AccountName, PrincipalId
from besedka.chat.settings import PRESETS, RoomSettings


class _Governance(msgspec.Struct, frozen=True, omit_defaults=True):
    """A `Governance` with the maps that JSON has."""

    settings: RoomSettings = RoomSettings()
    listed: tuple[Listed, ...] = ()
    invited: dict[PrincipalId, int] = {}
    excused: dict[PrincipalId, int] = {}
    code: str = ""
    code_until: int = 0
    guests: dict[PrincipalId, Standing] = {}
    former_names: tuple[RoomName, ...] = ()
    opened: int = 0
    topic_by: AccountName = AccountName("")
    topic_since: int = 0


class _Personal(msgspec.Struct, frozen=True, omit_defaults=True):
    """A `Personal` without its markers, which have a table of their own."""

    ignored: tuple[Person, ...] = ()
    notify: dict[RoomId, Level] = {}
    invitations: tuple[Invitation, ...] = ()
    profile: Profile = Profile()


_encode = msgspec.json.Encoder().encode
_governance = msgspec.json.Decoder(_Governance).decode
_personal = msgspec.json.Decoder(_Personal).decode
_data = msgspec.json.Decoder(dict[str, str]).decode
_BEGUN = {kind: Governance(settings=settings) for kind, settings in PRESETS.items()}
"""With what a room of each kind begins: one value for all of them."""


def governance_text(governance: Governance, kind: Kind) -> str:
    """A room's governance as its column; empty for the preset of its kind."""
    if governance == _BEGUN[kind]:
        return ""
    kept = _Governance(
        governance.settings,
        governance.listed,
        dict(governance.invited),
        dict(governance.excused),
        governance.code,
        governance.code_until,
        dict(governance.guests),
        governance.former_names,
        governance.opened,
        governance.topic_by,
        governance.topic_since,
    )
    return _encode(kept).decode()


def governance_of(text: str, kind: Kind) -> Governance:
    """The governance from its column."""
    if not text:
        return _BEGUN[kind]
    kept = _governance(text)
    return Governance(
        kept.settings,
        kept.listed,
        Map(kept.invited),
        Map(kept.excused),
        kept.code,
        kept.code_until,
        Map(kept.guests),
        kept.former_names,
        kept.opened,
        kept.topic_by,
        kept.topic_since,
    )


def data_text(data: Map[str, str]) -> str:
    """The small values of a room or a person as their column."""
    return _encode(dict(data)).decode() if data else ""


def data_of(text: str) -> Map[str, str]:
    """The small values from their column."""
    return Map(_data(text)) if text else Map()


def personal_text(personal: Personal) -> str:
    """What an inbox says of its account as its column, the markers left out."""
    kept = _Personal(
        tuple(personal.ignored.values()),
        dict(personal.notify),
        tuple(personal.invitations.values()),
        personal.profile,
    )
    return "" if kept == _Personal() else _encode(kept).decode()


def personal_of(text: str, markers: Map[str, Marker]) -> Personal:
    """The same from its column and the markers."""
    if not text:
        return Personal(markers) if markers else Personal()
    kept = _personal(text)
    ignored = Map({person.principal: person for person in kept.ignored})
    invitations = Map({invitation.room: invitation for invitation in kept.invitations})
    return Personal(markers, ignored, Map(kept.notify), invitations, kept.profile)
