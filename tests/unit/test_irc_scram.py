"""SCRAM-SHA-256 over IRC: the dialogue, and what the hub makes of it."""

from __future__ import annotations

import base64

import pytest

from besedka.chat.names import FoldedName
from besedka.chat.principals import AccountName, AccountRole
from besedka.chat.refusals import Code, Refusal
from besedka.chat.requests import Ping
from besedka.chat.told import Done
from besedka.hub.gate import Gate, Throttle
from besedka.hub.ports import Peer
from besedka.hub.proofs import Proofs
from besedka.hub.settings import Settings
from besedka.hub.surroundings import Surroundings
from besedka.wire.irc.conversation import IrcServer
from besedka.wire.irc.format import Formats
from besedka.wire.irc.scram import Dialogue
from besedka.wire.irc.settings import IrcSettings
from besedka.wire.proving import AskChallenge, Challenge, EnterProved, Prove, Proved
from hub_room import PASSWORD, HubRoom, Wire, folded
from irc_visitor import ANN, Visitor, refused, you
from scram_client import ScramClient

SCRAM = IrcSettings(scram=True)
CHALLENGE = Challenge(None, "+ours", b"salt", 4096)


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def decoded(line: str) -> str:
    return base64.b64decode(line.removeprefix("AUTHENTICATE ")).decode()


def begun() -> Visitor:
    visitor = Visitor()
    visitor.world.irc = SCRAM
    visitor.write("CAP REQ :sasl", "AUTHENTICATE SCRAM-SHA-256")
    assert visitor.read()[-1] == "AUTHENTICATE +"
    return visitor


# The dialogue ----------------------------------------------------------------------------------------------------


def test_it_is_offered_where_the_operator_wants_it() -> None:
    visitor = Visitor()
    visitor.write("AUTHENTICATE SCRAM-SHA-256")
    assert visitor.numerics() == ["908", "904"]
    visitor.world.irc = SCRAM
    visitor.write("CAP LS 302", "AUTHENTICATE FOO")
    lines = visitor.read()
    assert "sasl=PLAIN,SCRAM-SHA-256" in " ".join(lines)
    assert ":here. 908 * PLAIN,SCRAM-SHA-256 :are available SASL mechanisms" in lines


def test_a_client_proves_itself_and_is_proved_to() -> None:
    visitor, client = begun(), ScramClient("an=2Cn", PASSWORD)
    (asked,) = visitor.write("AUTHENTICATE " + encoded(client.first()))
    assert asked == AskChallenge(name="an,n")
    visitor.tell(CHALLENGE)
    first = decoded(visitor.read()[0])
    assert first == "r=clientnonce+ours,s=c2FsdA==,i=4096"
    (asked,) = visitor.write("AUTHENTICATE " + encoded(client.final(first)))
    assert isinstance(asked, Prove)
    assert PASSWORD not in repr(asked)
    assert asked.message.decode().startswith("n=an=2Cn,r=clientnonce," + first + ",c=biws,r=")
    visitor.tell(Proved(None, b"signature"))
    assert decoded(visitor.read()[0]) == "v=c2lnbmF0dXJl"
    (asked,) = visitor.write("AUTHENTICATE +")
    assert asked == EnterProved()
    assert [type(one) for one in visitor.tell(you(ANN, "ann"))] == [Ping]
    visitor.tell(Done(None))
    assert visitor.numerics() == ["900", "903"]


@pytest.mark.parametrize(
    "first",
    [
        "", "n", "n,,", "n,,n=,r=x", "n,,n=ann", "n,,n=ann,r=", "p=tls-unique,,n=ann,r=x", "n,a=bob,n=ann,r=x",
        "n,,m=1,n=ann,r=x", "n,,n=a=nn,r=x", "n,,n=ann,r=x,y=1", "n,,n=ann,r=" + "x" * 129, "n,,n=ann,r=x\r\n",
    ],
)  # fmt: skip
def test_what_is_no_beginning_is_904(first: str) -> None:
    visitor = begun()
    assert visitor.write("AUTHENTICATE " + (encoded(first) or "+")) == []
    assert visitor.numerics() == ["904"]
    visitor.write("AUTHENTICATE SCRAM-SHA-256")
    assert visitor.read() == ["AUTHENTICATE +"]


@pytest.mark.parametrize(
    ("what", "other"), [("r=clientnonce", "r=clientnoncf"), ("c=biws", "c=eSws"), (",p=", ",p=*"), (",p=", ",x=")]
)
def test_what_is_no_end_is_904(what: str, other: str) -> None:
    visitor, client = begun(), ScramClient("ann", PASSWORD)
    visitor.write("AUTHENTICATE " + encoded(client.first()))
    visitor.tell(CHALLENGE)
    final = client.final(decoded(visitor.read()[0]))
    assert visitor.write("AUTHENTICATE " + encoded(final.replace(what, other))) == []
    assert visitor.numerics() == ["904"]


def test_what_is_said_too_early_or_too_late_is_nothing() -> None:
    dialogue = Dialogue()
    assert dialogue.heard(b"c=biws,r=x,p=eA==") is None
    assert dialogue.heard(b"\xff") is None
    assert dialogue.heard(b"y,a=ann,n=ann,r=x") == AskChallenge(name="ann")
    dialogue.challenge(CHALLENGE)
    dialogue.signature(Proved(None, b"s"))
    assert dialogue.heard(b"more") is None


def test_a_long_challenge_comes_in_chunks() -> None:
    visitor = begun()
    visitor.write("AUTHENTICATE " + encoded("n,,n=ann,r=" + "x" * 128))
    visitor.tell(Challenge(None, "y" * 160, b"s" * 5, 4096))
    lines = visitor.read()
    assert [len(line.removeprefix("AUTHENTICATE ")) for line in lines[:-1]] == [400]
    assert decoded("".join(line.removeprefix("AUTHENTICATE ").replace("+", "") for line in lines)).startswith("r=xxx")


def test_a_wrong_proof_is_904() -> None:
    visitor, client = begun(), ScramClient("ann", "wrong")
    visitor.write("AUTHENTICATE " + encoded(client.first()))
    visitor.tell(CHALLENGE)
    visitor.write("AUTHENTICATE " + encoded(client.final(decoded(visitor.read()[0]))))
    visitor.tell(refused(Code.WRONG_PASSWORD))
    assert visitor.numerics() == ["904"]


# The hub ---------------------------------------------------------------------------------------------------------


class Stranger:
    """Somebody at an IRC client of a server where passwords can be proved."""

    def __init__(self, server: HubRoom, *, safe: bool = True) -> None:
        self.server = server
        self.link = Wire()
        world = Surroundings(server.hub, created=1)
        protocol = IrcServer(server.limits, world, Formats(world))
        session = server.hub.connect(self.link, Peer("203.0.113.9", safe, "irc"), protocol)
        assert session is not None
        self.session = session

    def write(self, line: str) -> list[str]:
        self.session.receive(line.encode() + b"\r\n")
        self.server.settle()
        text = self.link.written.decode()
        self.link.written.clear()
        return text.split("\r\n")[:-1]

    def prove(self, client: ScramClient) -> list[str]:
        """Up to the server's last word before the end."""
        self.write("AUTHENTICATE SCRAM-SHA-256")
        (first,) = self.write("AUTHENTICATE " + encoded(client.first()))
        return self.write("AUTHENTICATE " + encoded(client.final(decoded(first))))


@pytest.fixture
def server() -> HubRoom:
    made = HubRoom(settings=Settings(guests=True, irc=SCRAM))
    made.keys.scram = True
    adding = made.accounts.add_account(
        name=AccountName("ann"),
        password_hash=f"hash of {PASSWORD}",
        role=AccountRole.USER,
        address="",
        now=0,
        invitation=None,
    )
    made.done(adding)
    return made


def test_who_knows_the_password_is_let_in(server: HubRoom) -> None:
    stranger, client = Stranger(server), ScramClient("ann", PASSWORD)
    (final,) = stranger.prove(client)
    assert base64.b64decode(decoded(final).removeprefix("v=")) == client.signature
    assert stranger.session.online is None, "not before the client has seen that"
    lines = stranger.write("AUTHENTICATE +")
    assert [line.split(" ")[1] for line in lines] == ["900", "903"]
    assert stranger.session.online is not None
    assert stranger.session.online.name == "ann"


@pytest.mark.parametrize(("name", "password"), [("ann", "wrong"), ("nobody", PASSWORD)])
def test_who_does_not_is_not_and_learns_nothing_else(server: HubRoom, name: str, password: str) -> None:
    stranger = Stranger(server)
    (line,) = stranger.prove(ScramClient(name, password))
    assert line.split(" ")[1] == "904"
    assert stranger.session.attempts == 1
    salts = []
    for _ in range(2):
        stranger.write("AUTHENTICATE SCRAM-SHA-256")
        (first,) = stranger.write("AUTHENTICATE " + encoded(ScramClient(name, password).first()))
        salts.append(decoded(first).split(",")[1])
        stranger.write("AUTHENTICATE *")
    assert salts[0] == salts[1]


def test_wrong_proofs_are_slowed_down_and_end_the_connection(server: HubRoom) -> None:
    stranger = Stranger(server)
    for _ in range(server.limits.login_attempts_max):
        stranger.prove(ScramClient("ann", "wrong"))
    assert stranger.link.closed
    other = Stranger(server)
    assert other.prove(ScramClient("ann", PASSWORD)) == [], "it waits for those failures"
    server.settle(5)
    assert other.link.written.startswith(b"AUTHENTICATE ")


def test_a_proof_is_good_as_long_as_the_password_is(server: HubRoom) -> None:
    stranger = Stranger(server)
    stranger.prove(ScramClient("ann", PASSWORD))
    account = server.done(server.accounts.account_named(folded("ann")))
    assert account is not None
    server.done(server.accounts.set_password(account.id, "hash of another"))
    (line,) = stranger.write("AUTHENTICATE +")
    assert line.split(" ")[1] == "904"
    assert stranger.session.online is None


def test_a_proof_is_good_once(server: HubRoom) -> None:
    stranger, client = Stranger(server), ScramClient("ann", PASSWORD)
    stranger.write("AUTHENTICATE SCRAM-SHA-256")
    (first,) = stranger.write("AUTHENTICATE " + encoded(client.first()))
    final = encoded(client.final(decoded(first)))
    stranger.write("AUTHENTICATE *")
    stranger.write("AUTHENTICATE SCRAM-SHA-256")
    stranger.write("AUTHENTICATE " + encoded(client.first()))
    (line,) = stranger.write("AUTHENTICATE " + final)
    assert line.split(" ")[1] == "904"


def test_on_an_unsafe_way_nothing_is_proved(server: HubRoom) -> None:
    (line,) = Stranger(server, safe=False).write("AUTHENTICATE SCRAM-SHA-256")
    assert " 904 " in line


def test_there_is_one_attempt_at_each_challenge(server: HubRoom) -> None:
    async def wait(_name: FoldedName, _address: str) -> None: ...

    proofs = Proofs(server.parts, Gate(server.limits), Throttle(server.limits), wait)
    session, client = Stranger(server).session, ScramClient("ann", PASSWORD)
    for attempts in (1, 2):
        given = server.done(proofs.challenge(session, AskChallenge(name="ann")))
        assert isinstance(given, Challenge)
        dialogue = Dialogue()
        dialogue.heard(client.first().encode())
        right = dialogue.heard(client.final(dialogue.challenge(given).decode()).encode())
        assert isinstance(right, Prove)
        if attempts == 2:
            refusal = server.done(proofs.check(session, Prove(message=right.message, proof=bytes(32))))
            assert refusal == Refusal(Code.WRONG_PASSWORD)
        assert isinstance(server.done(proofs.check(session, right)), Proved if attempts == 1 else Refusal)
