"""The questions before the talk, asked of a script and of a small server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from besedka.chat.refusals import SENTENCES, Code
from besedka.chat.requests import Login, Register, Request
from besedka.chat.told import Registration
from besedka.client.asking import Entrance, GaveUp, ask_server, port_number
from besedka.client.core import Core
from besedka.client.device import Address, Device
from besedka.client.dialling import LinkFault, NobodyListening
from besedka.client.ids import Ids
from besedka.client.link import Link
from besedka.client.showing import Look
from besedka.client.surface import Surface
from besedka.client.terminal import EndOfInput
from certificates import self_made
from fake_server import FakeServer

RIGHT = "correct horse"


class Answers:
    """An asker that has its answers ready and notes what it was asked and told."""

    def __init__(self, *answers: str) -> None:
        self._answers = list(answers)
        self.questions: list[str] = []
        self.complaints: list[str] = []

    def ask(self, question: str, default: str = "") -> str:
        self.questions.append(f"{question} [{default}]" if default else question)
        if not self._answers:
            raise EndOfInput
        return self._answers.pop(0) or default

    def secret(self, question: str) -> str:
        return self.ask(question)

    def complain(self, text: str) -> None:
        self.complaints.append(text)


# Which server ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("raw", "port"), [("1", 1), ("9090", 9090), (" 65535 ", 65535), ("007", 7)])
def test_ports(raw: str, port: int) -> None:
    assert port_number(raw) == port


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ("", "not a number"),
        ("http", "not a number"),
        ("90.90", "not a number"),
        ("९०", "not a number"),
        ("0", "out of range"),
        ("-1", "out of range"),
        ("65536", "out of range"),
        ("9" * 5000, "out of range"),
        ("\x1b[2J", "\ufffd[2J is not a number"),
    ],
)
def test_what_is_no_port_and_why(raw: str, why: str) -> None:
    answer = port_number(raw)
    assert isinstance(answer, str)
    assert why in answer
    assert len(answer) < 200


def asking(*answers: str, faults: int = 0) -> tuple[Answers, list[Address], Address | Exception]:
    asker, tried, left = Answers(*answers), list[Address](), faults

    def connect(address: Address) -> None:
        nonlocal left
        tried.append(address)
        if left:
            left -= 1
            raise NobodyListening("Nobody is listening.")

    with asyncio.Runner() as runner:
        try:
            return asker, tried, ask_server(asker, runner.run, Address("127.0.0.1", 9090), connect)
        except (GaveUp, EndOfInput) as error:
            return asker, tried, error


def test_the_defaults_are_taken_by_saying_nothing() -> None:
    asker, _tried, address = asking("", "")
    assert address == Address("127.0.0.1", 9090)
    assert asker.questions == ["Server address [127.0.0.1]", "Port [9090]"]


def test_each_bad_answer_is_explained_and_only_that_question_asked_again() -> None:
    asker, tried, address = asking("a" * 300, "127.0.0.2", "x", "70000", "81")
    assert tried == [address] == [Address("127.0.0.2", 81)]
    assert [text[:20] for text in asker.complaints][1:] == ["x is not a number. A", "70000 is out of rang"]


@pytest.mark.parametrize(
    ("answers", "faults"),
    [(["a" * 300] * 3, 0), (["", "x", "y", "z"], 0), (["", "1"] * 3, 3)],
)
def test_the_third_bad_answer_ends_it(answers: list[str], faults: int) -> None:
    asker, _tried, outcome = asking(*answers, faults=faults)
    assert isinstance(outcome, GaveUp)
    assert len(asker.complaints) == 3


def test_after_a_failed_connection_both_are_asked_with_what_was_answered() -> None:
    asker, tried, address = asking("127.0.0.2", "81", "", "82", faults=1)
    assert asker.questions[2:] == ["Server address [127.0.0.2]", "Port [81]"]
    assert tried == [Address("127.0.0.2", 81), Address("127.0.0.2", 82)]
    assert address == tried[-1]


# Who is this -------------------------------------------------------------------------------------------------------


class Visit:
    """Somebody who has been welcomed, with answers ready."""

    def __init__(
        self, server: FakeServer, state: Path, runner: asyncio.Runner, *answers: str, tokens: bool = True
    ) -> None:
        self.asker = Answers(*answers)
        self.notices: list[str] = []
        self.device = Device(state)
        self.core = Core(new_id=Ids(now=lambda: 5, token_bytes=bytes))
        self.address = Address("127.0.0.1", server.port)
        surface = Surface(self.core, Look(), line=self.notices.append, notice=self.notices.append)
        self.link = Link(self.core, self.address, self.device, show=surface.show, chance=lambda: 0.0)
        self.waited = 0

        async def wait_busy() -> None:
            self.waited += 1

        self.entrance = Entrance(
            asker=self.asker,
            run=runner.run,
            core=self.core,
            surface=surface,
            link=self.link,
            device=self.device,
            address=self.address,
            tokens=tokens,
            wait_busy=wait_busy,
        )
        runner.run(self.link.open())

    def enter(self, runner: asyncio.Runner, name: str | None = None) -> Exception | None:
        try:
            self.entrance.enter(name)
        except (GaveUp, EndOfInput, LinkFault) as error:
            return error
        finally:
            runner.run(self.link.close())
            self.device.release()
        return None


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FakeServer]:
    fake = FakeServer()
    with fake.in_thread(self_made(tmp_path)):
        yield fake


def entering(
    server: FakeServer, state: Path, *answers: str, name: str | None = None, tokens: bool = True
) -> tuple[Visit, Exception | None]:
    with asyncio.Runner() as runner:
        visit = Visit(server, state, runner, *answers, tokens=tokens)
        return visit, visit.enter(runner, name)


def test_somebody_new_says_the_password_twice(server: FakeServer, tmp_path: Path) -> None:
    visit, error = entering(server, tmp_path / "state", "ann", RIGHT, RIGHT)
    assert error is None
    assert server.passwords == {"ann": RIGHT}
    assert visit.asker.questions == ["Name", "Password", "New here. Password again"]


def test_two_different_passwords_make_no_account(server: FakeServer, tmp_path: Path) -> None:
    visit, error = entering(server, tmp_path / "state", "ann", RIGHT, "typo", "ann", RIGHT, RIGHT)
    assert error is None
    assert visit.asker.complaints == ["These were two different passwords, so no account was made."]
    _visit, error = entering(server, tmp_path / "other", *(["bob", RIGHT, "typo"] * 3))
    assert isinstance(error, GaveUp)
    assert "bob" not in server.passwords


def test_the_token_spares_the_password_and_a_dead_one_does_not(server: FakeServer, tmp_path: Path) -> None:
    server.passwords["ann"] = RIGHT
    entering(server, tmp_path / "state", "ann", RIGHT)
    visit, error = entering(server, tmp_path / "state", "")
    assert error is None
    assert visit.asker.questions == ["Name [ann]"]
    visit.device.keep_token(visit.address, "ann", "dead")
    visit, error = entering(server, tmp_path / "state", RIGHT, name="ann")
    assert error is None
    assert visit.asker.questions == ["Password"]
    assert visit.device.token(visit.address, "ann") == "token of ann"


def test_a_script_neither_uses_a_token_nor_leaves_one(server: FakeServer, tmp_path: Path) -> None:
    server.passwords["ann"] = RIGHT
    visit, _error = entering(server, tmp_path / "state", "ann", RIGHT)
    visit.device.keep_token(visit.address, "ann", "token of a person")
    for name, answers in (("ann", [RIGHT]), (None, ["ann", RIGHT])):
        visit, error = entering(server, tmp_path / "state", *answers, name=name, tokens=False)
        assert error is None
        assert visit.asker.questions[-1] == "Password"
        assert visit.device.token(visit.address, "ann") == "token of a person"


def test_every_password_given_is_remembered_as_one(server: FakeServer, tmp_path: Path) -> None:
    visit, error = entering(server, tmp_path / "state", "ann", RIGHT, "typo", "ann", "battery staple", "battery staple")
    assert error is None
    assert visit.entrance.passwords == {RIGHT, "typo", "battery staple"}


def test_a_wrong_password_may_be_tried_three_times(server: FakeServer, tmp_path: Path) -> None:
    server.passwords["ann"] = RIGHT
    visit, error = entering(server, tmp_path / "state", "wrong", "wronger", RIGHT, name="ann")
    assert error is None
    assert visit.asker.questions == ["Password"] * 3
    assert visit.asker.complaints == [SENTENCES[Code.WRONG_PASSWORD]] * 2
    visit, error = entering(server, tmp_path / "other", *(["ann", "wrong"] * 3))
    assert isinstance(error, GaveUp)
    assert visit.device.last()[1] == ""


def test_a_name_that_cannot_be_one_is_asked_again_before_any_password(server: FakeServer, tmp_path: Path) -> None:
    visit, error = entering(server, tmp_path / "state", "two words", "chanserv", "ann", RIGHT, RIGHT)
    assert error is None
    assert visit.asker.questions[:4] == ["Name", "Name", "Name", "Password"]
    visit, error = entering(server, tmp_path / "other", "a b", "c d", "")
    assert isinstance(error, GaveUp)


def test_a_busy_server_is_asked_again_by_itself(server: FakeServer, tmp_path: Path) -> None:
    server.busy = 3
    visit, error = entering(server, tmp_path / "state", "ann", RIGHT, RIGHT)
    assert error is None
    assert visit.waited == 3
    assert visit.asker.complaints == []


def test_where_invitations_are_needed_unknown_and_wrong_are_asked_alike(server: FakeServer, tmp_path: Path) -> None:
    server.registration = Registration.INVITE
    server.passwords["bob"] = "battery staple"
    for name, state in (("ann", "a"), ("bob", "b")):
        visit, error = entering(server, tmp_path / state, name, RIGHT)
        assert isinstance(error, EndOfInput)
        assert visit.asker.questions[2].startswith("If you are new here: invitation")
        assert visit.asker.complaints == [SENTENCES[Code.WRONG_PASSWORD]]
    visit, error = entering(server, tmp_path / "c", "ann", RIGHT, "tell-nobody", RIGHT)
    assert error is None
    assert server.passwords["ann"] == RIGHT
    visit, error = entering(server, tmp_path / "d", "cat", RIGHT, "guessed", RIGHT, "bob", "battery staple")
    assert error is None
    assert SENTENCES[Code.INVITATION_NEEDED] in visit.asker.complaints
    visit, error = entering(server, tmp_path / "e", "bob", "typo", "", "bob", "battery staple")
    assert error is None, "no invitation: try again"


def test_where_registration_is_closed_nothing_is_offered(server: FakeServer, tmp_path: Path) -> None:
    server.registration = Registration.CLOSED
    visit, error = entering(server, tmp_path / "state", *(["ann", RIGHT] * 3))
    assert isinstance(error, GaveUp)
    assert visit.asker.questions == ["Name", "Password"] * 3


def test_guests_come_without_a_password(server: FakeServer, tmp_path: Path) -> None:
    server.guests = True
    visit, error = entering(server, tmp_path / "state", "ann", "")
    assert error is None
    assert visit.core.principal is not None
    assert visit.core.principal < 0
    assert visit.device.token(visit.address, "ann") is None


def test_a_server_that_hung_up_meanwhile_is_called_again(server: FakeServer, tmp_path: Path) -> None:
    server.passwords["ann"] = RIGHT
    cuts = iter([True])
    server.drops = lambda request: isinstance(request, Login) and next(cuts, False)
    _visit, error = entering(server, tmp_path / "state", "ann", RIGHT)
    assert error is None
    assert server.accepted >= 2


def test_registering_is_resumed_on_a_new_connection_too(server: FakeServer, tmp_path: Path) -> None:
    cuts = iter([True])

    def drops(request: Request) -> bool:
        return isinstance(request, Register) and next(cuts, False)

    server.drops = drops
    _visit, error = entering(server, tmp_path / "state", "ann", RIGHT, RIGHT)
    assert error is None
    assert server.passwords == {"ann": RIGHT}


def test_what_cannot_be_sent_is_refused_like_any_password(server: FakeServer, tmp_path: Path) -> None:
    visit, error = entering(server, tmp_path / "state", "ann", "\ud800", "ann", "x" * 5000, "ann", RIGHT, RIGHT)
    assert error is None
    assert visit.asker.complaints == [SENTENCES[Code.BAD_TEXT], SENTENCES[Code.TOO_LONG]]
