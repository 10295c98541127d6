"""What somebody does to their own account: having all told that is known of it, and ending it."""

from __future__ import annotations

import msgspec
import pytest

from besedka.chat.answers import ExportPart
from besedka.chat.audit import AuditLine
from besedka.chat.entries import Message
from besedka.chat.own_requests import Export, RemoveAccount
from besedka.chat.principals import AccountName, AccountRole
from besedka.chat.refusals import Code
from besedka.chat.requests import Say
from besedka.chat.told import Done, Farewell, Parting
from besedka.hub.faults import StoreFault
from hub_room import ANN, PASSWORD, Device, HubRoom


@pytest.fixture
def server() -> HubRoom:
    return HubRoom()


def ask(device: Device, request: Export | RemoveAccount, *, seconds: float = 2) -> None:
    device.ask(msgspec.structs.replace(request, id=device.server.new_id()))
    device.server.settle(seconds)


def whole(device: Device) -> str:
    """The document, asked for to its end."""
    after, text = "", ""
    while True:
        ask(device, Export(after=after))
        part = device.told(ExportPart)[-1]
        text, after = text + part.text, part.next
        if not after:
            return text


def messages(server: HubRoom, device: Device) -> list[tuple[str, str]]:
    room = device.room("lobby")
    page = server.done(server.logs.page(room, after=0, upto=999, limit=999, bytes_max=1 << 40))
    return [(one.name, one.body.text) for one in page.entries if isinstance(one.body, Message)]


def test_everybody_is_told_what_is_known_of_them(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    for device, text in ((ann, "a 1"), (bob, "b 1")):
        device.ask(Say(id=server.new_id(), room=device.room("lobby"), text=text))
    server.settle()
    for device, mine, others in ((ann, "a 1", "b 1"), (bob, "b 1", "a 1")):
        text = whole(device)
        assert msgspec.json.decode(text)["account"]["name"] == device.you.name
        assert mine in text
        assert others not in text
        assert repr(device.told(ExportPart)[0]) == f"<ExportPart of {len(device.told(ExportPart)[0].text)}>"


def test_an_export_is_gone_on_with_only_where_it_is(server: HubRoom) -> None:
    ann = server.registered("ann")
    ask(ann, Export(after="written:0:0:0"))
    ask(ann, Export())
    ask(ann, Export(after="written:0:0:0"))
    assert ann.refusals() == [Code.BAD_PLACE] * 2
    ask(ann, Export(after=ann.told(ExportPart)[-1].next))
    assert len(ann.told(ExportPart)) == 2


def test_exports_are_begun_so_often_and_no_more(server: HubRoom) -> None:
    ann = server.registered("ann")
    for _ in range(server.limits.exports_per_hour):
        ask(ann, Export(), seconds=0.1)
    assert ann.refusals() == []
    other = server.another(ann)
    ask(other, Export())
    assert other.refusals() == [Code.EXPORT_TOO_SOON]
    server.settle(3600 / server.limits.exports_per_hour + 1)


def test_guests_have_no_account(server: HubRoom) -> None:
    guest = server.guest("gus")
    ask(guest, Export())
    ask(guest, RemoveAccount(password=PASSWORD))
    assert guest.refusals() == [Code.ACCOUNT_NEEDED] * 2


@pytest.mark.parametrize("redact", [False, True])
def test_somebody_ends_their_account(server: HubRoom, redact: bool) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    other = server.another(ann)
    ann.ask(Say(id=server.new_id(), room=ann.room("lobby"), text="a 1"))
    server.settle()
    ask(ann, RemoveAccount(password="wrong"))
    assert ann.refusals() == [Code.WRONG_PASSWORD]
    assert server.done(server.accounts.account(ANN)) is not None
    ask(ann, RemoveAccount(password=PASSWORD, redact=redact), seconds=5)
    assert ann.told(Done), "before it is sent away"
    for device in (ann, other):
        assert [told.parting for told in device.told(Farewell)] == [Parting.REVOKED]
    assert server.done(server.accounts.account(ANN)) is None
    assert messages(server, bob) == [(f"removed-{ANN}", "" if redact else "a 1")]
    assert AuditLine("remove", "ann") in [row.line for row in server.done(server.logs.audit(limit=9))]
    assert server.done(server.logs.pending_steps()) == []


def test_the_last_administrator_stays(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    for device in (ann, bob):
        server.done(server.accounts.set_role(device.you.principal, AccountRole.ADMIN))
    ask(bob, RemoveAccount(password=PASSWORD), seconds=5)
    assert bob.told(Done)
    ask(ann, RemoveAccount(password=PASSWORD))
    assert ann.refusals() == [Code.LAST_ADMIN]
    assert server.done(server.accounts.account_named(AccountName("ann"))) is not None  # type: ignore[arg-type]


def test_what_the_store_fails_at_is_tried_again(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    ann.ask(Say(id=server.new_id(), room=ann.room("lobby"), text="a 1"))
    server.settle()
    server.weather.lost = StoreFault("no")
    ask(ann, RemoveAccount(password=PASSWORD, redact=True), seconds=10)
    assert messages(server, bob) == [(f"removed-{ANN}", "")]
    assert server.done(server.logs.pending_steps()) == []
