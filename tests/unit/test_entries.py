"""Entries are their own encoding: what they look like is a promise to logs and clients that exist."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given

from besedka.chat.entries import (
    Archived,
    Body,
    CodeMade,
    DataSet,
    Edited,
    Entered,
    Entry,
    Ignored,
    InvitationsChanged,
    Invited,
    Kind,
    Left,
    Level,
    Listing,
    Manner,
    Mark,
    Marked,
    MarkerMoved,
    MembershipChanged,
    Message,
    NotifySet,
    Opened,
    Person,
    ProfileSet,
    Reacted,
    Redacted,
    Renamed,
    RoleChange,
    RolesChanged,
    RoomId,
    RoomName,
    RoomRole,
    SessionsRevoked,
    SettingsChange,
    SettingsChanged,
    Tagged,
    TopicSet,
    Unmarked,
    Way,
)
from besedka.chat.principals import AccountName, PrincipalId
from shapes import values_of

ANN = Person(PrincipalId(1), AccountName("ann"))

WRITTEN: list[tuple[Body, str]] = [
    (
        Opened(Kind.PUBLIC, RoomName("tea"), PrincipalId(1)),
        '{"kind":"opened","room_kind":"public","room_name":"tea","owner":1,"pair":null}',
    ),
    (
        Opened(Kind.DIRECT, pair=(PrincipalId(1), PrincipalId(2))),
        '{"kind":"opened","room_kind":"direct","room_name":"","owner":null,"pair":[1,2]}',
    ),
    (Message("hi"), '{"kind":"message","text":"hi"}'),
    (Message("waves", Manner.DONE), '{"kind":"message","text":"waves","manner":"done"}'),
    (TopicSet("green"), '{"kind":"topic","topic":"green"}'),
    (
        MembershipChanged(Way.JOINED, (ANN,)),
        '{"kind":"membership","way":"joined","people":[{"principal":1,"name":"ann"}]}',
    ),
    (
        MembershipChanged(Way.REMOVED, (ANN,), "loud"),
        '{"kind":"membership","way":"removed","people":[{"principal":1,"name":"ann"}],"reason":"loud"}',
    ),
    (
        Message("ann: @room", Manner.SAID, 4, (PrincipalId(1),), True, (3,), (("+example/colour", "red"),), edited=9),
        '{"kind":"message","text":"ann: @room","reply":4,"mentions":[1],"calls_room":true,"breaks":[3],'
        '"tags":[["+example/colour","red"]],"edited":9}',
    ),
    (Message("", redacted=9), '{"kind":"message","text":"","redacted":9}'),
    (Edited(4, "ho", (PrincipalId(1),)), '{"kind":"edit","number":4,"text":"ho","mentions":[1]}'),
    (
        Edited(4, "ho", author=ANN),
        '{"kind":"edit","number":4,"text":"ho","author":{"principal":1,"name":"ann"}}',
    ),
    (
        Redacted(4, ANN, "loud"),
        '{"kind":"redaction","number":4,"author":{"principal":1,"name":"ann"},"reason":"loud"}',
    ),
    (Tagged((("+a/b", "c"),)), '{"kind":"tags","tags":[["+a/b","c"]]}'),
    (Reacted(4, "☕"), '{"kind":"reaction","number":4,"reaction":"☕"}'),
    (Reacted(4, "☕", withdrawn=True), '{"kind":"reaction","number":4,"reaction":"☕","withdrawn":true}'),
    (
        RolesChanged((RoleChange(ANN, RoomRole.MODERATOR), RoleChange(ANN, voice=False))),
        '{"kind":"roles","changes":[{"person":{"principal":1,"name":"ann"},"role":"moderator"},'
        '{"person":{"principal":1,"name":"ann"},"voice":false}]}',
    ),
    (
        SettingsChanged(SettingsChange(hidden=False, key="", slow_seconds=30)),
        '{"kind":"settings","change":{"hidden":false,"key":"","slow_seconds":30}}',
    ),
    (
        Renamed(RoomName("books"), RoomName("tea")),
        '{"kind":"renamed","room_name":"books","before":"tea"}',
    ),
    (
        Marked(Mark(Listing.BAN, "ann", PrincipalId(1), 9, "loud")),
        '{"kind":"marked","mark":{"listing":"ban","mask":"ann","principal":1,"until":9,"reason":"loud"}}',
    ),
    (
        Marked(Mark(Listing.INVITE_EXCEPTION, "*!*@x")),
        '{"kind":"marked","mark":{"listing":"invite-exception","mask":"*!*@x"}}',
    ),
    (
        Unmarked(Listing.MUTE, ("ann", "*!*@x")),
        '{"kind":"unmarked","listing":"mute","masks":["ann","*!*@x"]}',
    ),
    (
        InvitationsChanged((ANN,), withdrawn=True),
        '{"kind":"invitations","people":[{"principal":1,"name":"ann"}],"withdrawn":true}',
    ),
    (CodeMade("ab", 9), '{"kind":"code","digest":"ab","until":9}'),
    (DataSet("homepage", "x"), '{"kind":"data","key":"homepage","value":"x"}'),
    (Archived(), '{"kind":"archived"}'),
    (
        Entered(RoomId(3), Kind.PUBLIC, RoomName("tea"), 2),
        '{"kind":"entered","room":3,"room_kind":"public","room_name":"tea","number":2,"people":[]}',
    ),
    (Left(RoomId(3), 9, Way.REMOVED), '{"kind":"left","room":3,"number":9,"way":"removed"}'),
    (SessionsRevoked(), '{"kind":"revoked"}'),
    (
        Invited(RoomId(3), Kind.PRIVATE, RoomName("tea")),
        '{"kind":"invited","room":3,"room_kind":"private","room_name":"tea"}',
    ),
    (MarkerMoved("3", 9, 5, 2), '{"kind":"marker","target":"3","number":9,"time":5,"said":2}'),
    (Ignored(ANN), '{"kind":"ignored","person":{"principal":1,"name":"ann"}}'),
    (NotifySet(RoomId(3), Level.MENTIONS), '{"kind":"notify","room":3,"level":"mentions"}'),
    (ProfileSet("", bot=True), '{"kind":"profile","real_name":"","bot":true}'),
]


@pytest.mark.parametrize(("body", "json"), WRITTEN, ids=[json for _, json in WRITTEN])
def test_how_a_body_is_written(body: Body, json: str) -> None:
    assert msgspec.json.encode(body).decode() == json
    assert msgspec.json.decode(json, type=Body) == body


def test_every_kind_of_body_is_here() -> None:
    assert {type(body) for body, _ in WRITTEN} == set(Body.__args__)


@given(values_of(Entry))
def test_an_entry_survives_being_written(entry: Entry) -> None:
    assert msgspec.json.decode(msgspec.json.encode(entry), type=Entry) == entry
