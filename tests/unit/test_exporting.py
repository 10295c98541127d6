"""Everything that is known of a person, and nothing else, in parts that are one JSON document."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from besedka.chat.entries import Kind, Message, RoomRole, SettingsChange
from besedka.chat.own_requests import Ignore, MoveMarker, SetProfile
from besedka.chat.refusals import Code, Refusal
from besedka.chat.requests import Edit, Leave, React, Request, Say, Tell
from besedka.chat.room_requests import ChangeSettings, Kick, Open, SetData, SetRole
from besedka.hub import belongings, exporting
from besedka.hub.exporting import Exporter
from besedka.store import memory_belongings
from hub_room import ANN, PASSWORD, Device, HubRoom

BAD_WORDS = (
    "x",
    "rooms",
    "rooms:1:2",
    "rooms:1:2:3:4",
    "rooms:-1:0:0",
    "rooms:1:²:0",
    "w" * 99,
    "written:9e9:0:0",
    f"heard:{1 << 60}:0:0",
)


@pytest.fixture(params=[2, 500])
def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> HubRoom:
    """Whose parts are of a few entries, or of many."""
    monkeypatch.setattr(exporting, "PART_ENTRIES_MAX", request.param)
    monkeypatch.setattr(exporting, "ROOMS_AT_ONCE", request.param)
    if request.param == 2:
        for module in (belongings, memory_belongings):
            monkeypatch.setattr(module, "SCAN_ENTRIES", 3)
    return HubRoom()


def exporter(server: HubRoom) -> Exporter:
    return Exporter(logs=server.logs, accounts=server.accounts, clock=server.process)


def text_of(server: HubRoom, name: str) -> str:
    account = server.done(server.accounts.account_named(name))  # type: ignore[arg-type]
    assert account is not None
    text, after = "", ""
    while True:
        part = server.done(exporter(server).part(account, after))
        assert not isinstance(part, Refusal)
        text, after = text + part.text, part.next
        assert len(part.text) < 20_000
        if not after:
            return text


def exported(server: HubRoom, name: str) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.json.decode(text_of(server, name))
    return document


def do(device: Device, *requests: Request) -> None:
    before = len(device.refusals())
    for request in requests:
        device.ask(msgspec.structs.replace(request, id=device.server.new_id()))
    device.server.settle()
    assert device.refusals()[before:] == []


def said(items: list[dict[str, Any]]) -> list[str]:
    return [item["body"]["text"] for item in items if item["body"]["kind"] == "message"]


def test_whoever_did_nothing_is_told_so(server: HubRoom) -> None:
    server.registered("ann")
    document = exported(server, "ann")
    assert list(document) == [
        "besedka_export", "made", "epoch", "account", "devices", "addresses", "bans", "acts", "settings",
        "rooms", "written", "heard",
    ]  # fmt: skip
    assert document["besedka_export"] == 1
    account = document["account"]
    assert (account["id"], account["name"], account["role"]) == (ANN, "ann", "user")
    assert account["first_address"] == account["last_address"] == "192.0.2.1"
    assert [device["address"] for device in document["devices"]] == ["192.0.2.1"]
    assert document["addresses"] == ["192.0.2.1"]
    assert said(document["written"]) == said(document["heard"]) == []


def test_no_secret_is_in_it(server: HubRoom) -> None:
    ann = server.registered("ann")
    token = ann.you.token
    assert token
    do(ann, Open(name="den", room_kind=Kind.PRIVATE))
    do(ann, ChangeSettings(room=ann.room("den"), change=SettingsChange(key="sesame")))
    text = text_of(server, "ann")
    credentials = server.done(server.accounts.credentials("ann"))  # type: ignore[arg-type]
    assert credentials is not None
    for secret in (token, PASSWORD, credentials.password_hash, "sesame"):
        assert secret not in text


def test_all_that_somebody_wrote_is_in_it_and_of_others_what_was_for_them(server: HubRoom) -> None:
    ann, bob, eve = (server.registered(name) for name in ("ann", "bob", "eve"))
    tea = ann.join("tea")
    for device in (bob, eve):
        device.join("tea")
    for text in ("a 1", "a 2", "a 3"):
        do(ann, Say(room=tea, text=text))
    do(bob, Say(room=tea, text="b 1, ann"))
    do(bob, Tell(name="ann", text="b 2"))
    do(ann, Tell(name="bob", text="a 4"))
    do(eve, Tell(name="bob", text="e 1"))
    do(ann, React(room=tea, number=ann.entries(tea)[-1].number, reaction="+1"))
    document = exported(server, "ann")
    assert sorted(said(document["written"])) == ["a 1", "a 2", "a 3", "a 4"]
    assert said(document["heard"]) == ["b 2"]
    assert all(item["author"] == ANN for item in document["written"])
    assert not [item for item in document["heard"] if item["author"] == ANN]
    assert [item["body"]["reaction"] for item in document["written"] if item["body"]["kind"] == "reaction"] == ["+1"]
    places = [(item["room"], item["number"]) for item in (*document["written"], *document["heard"])]
    assert len(places) == len(set(places))
    direct = [room for room in document["rooms"] if room["kind"] == "direct"]
    assert [[one["name"] for one in room["people"]] for room in direct] == [["ann", "bob"]]
    assert {room.get("name") for room in document["rooms"] if room["kind"] == "public"} == {"tea", "lobby"}
    assert "192.0.2.1" in text_of(server, "bob")


def test_what_somebody_set_is_in_it(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    tea = ann.join("tea")
    do(ann, SetProfile(real_name="Ann Other"), Ignore(name="bob"), SetData(key="a", value="1"))
    do(ann, Say(room=tea, text="a 1"))
    do(ann, MoveMarker(room=tea, number=3))
    settings = exported(server, "ann")["settings"]
    assert settings["profile"]["real_name"] == "Ann Other"
    assert [one["name"] for one in settings["ignored"]] == ["bob"]
    assert settings["data"] == {"a": "1"}
    assert [(one["target"], one["number"]) for one in settings["markers"]] == [(str(tea), 3)]
    assert bob.you.name == "bob"


def test_what_is_done_to_a_message_or_a_room_after_one_has_left_is_not(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    do(ann, Open(name="den"))
    den = ann.room("den")
    bob.join("den")
    do(bob, Say(room=den, text="b 1"))
    number = [one.number for one in bob.entries(den) if isinstance(one.body, Message)][-1]
    do(bob, Leave(room=den))
    do(ann, Edit(room=den, number=number, text="what bob never said"))
    do(ann, ChangeSettings(room=den, change=SettingsChange(hidden=True, invite_only=True)))
    text = text_of(server, "bob")
    assert "what bob never said" not in text
    assert said(exported(server, "bob")["written"]) == [""]
    mine = next(room for room in exported(server, "bob")["rooms"] if room["room"] == den)
    assert "name" not in mine
    assert mine["left"] > mine["first"]


def test_a_word_that_was_never_given_is_refused(server: HubRoom) -> None:
    server.registered("ann")
    account = server.done(server.accounts.account(ANN))
    assert account is not None
    for word in BAD_WORDS:
        assert server.done(exporter(server).part(account, word)) == Refusal(Code.BAD_PLACE)
    assert repr(server.done(exporter(server).part(account, ""))).startswith("<Part of ")


def test_somebody_put_out_keeps_what_they_said(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    do(ann, Open(name="den"))
    den = ann.room("den")
    bob.join("den")
    do(bob, Say(room=den, text="b 1"))
    do(ann, SetRole(room=den, name="bob", role=RoomRole.MODERATOR))
    do(ann, Kick(room=den, name="bob", reason="rude"))
    do(ann, Say(room=den, text="he is gone"))
    text = text_of(server, "bob")
    assert '"b 1"' in text
    assert "he is gone" not in text
