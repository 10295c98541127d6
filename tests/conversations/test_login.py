"""Coming in: by password, by token, as somebody new; and what a flood of guesses costs honest people."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from besedka.chat.refusals import Code
from besedka.chat.requests import ComeAsGuest, Exit, Login, Register, Request, Resume
from besedka.chat.told import Farewell, Parting, Refused, Unit, Welcome, You
from native_peer import NativePeer, new_id
from server import Server

PASSWORD = "correct horse"


@pytest.fixture
def server(used: Path) -> Iterator[Server]:
    server = Server(used, arguments=["--no-console"])
    server.add("ann", PASSWORD)
    with server.start():
        yield server


def answer_to(peer: NativePeer, request: Request) -> Unit:
    """What one request comes to."""
    peer.ask(request)
    answer = peer.next_unit()
    assert answer is not None
    return answer


def try_login(port: int, name: str, password: str) -> Unit:
    """One attempt on a connection of its own."""
    with NativePeer(port) as peer:
        peer.hello()
        return answer_to(peer, Login(id=new_id(), name=name, password=password))


def test_three_wrong_passwords_end_the_connection(server: Server) -> None:
    with NativePeer(server.port) as peer:
        peer.hello()
        for _ in range(3):
            answer = answer_to(peer, Login(id=new_id(), name="ann", password="wrong"))
            assert isinstance(answer, Refused)
            assert answer.code is Code.WRONG_PASSWORD
        farewell = peer.next_unit()
        assert isinstance(farewell, Farewell)
        assert farewell.parting is Parting.TOO_MANY_ATTEMPTS
        assert peer.next_unit() is None


def test_somebody_new_registers_and_comes_back_by_token(server: Server) -> None:
    with NativePeer(server.port) as peer:
        peer.hello()
        unknown = answer_to(peer, Login(id=new_id(), name="Боб", password=PASSWORD))
        assert isinstance(unknown, Refused)
        assert unknown.code is Code.NAME_UNKNOWN
        you = answer_to(peer, Register(id=new_id(), name="Боб", password=PASSWORD, remember=True))
        assert isinstance(you, You)
        assert you.token
    with NativePeer(server.port) as peer:
        peer.hello()
        again = answer_to(peer, Resume(id=new_id(), token=you.token))
        assert isinstance(again, You)
        assert (again.principal, again.name, again.token) == (you.principal, "Боб", None)
        farewell = answer_to(peer, Exit(id=new_id(), forget=True))
        assert isinstance(farewell, Farewell)
    with NativePeer(server.port) as peer:
        peer.hello()
        dead = answer_to(peer, Resume(id=new_id(), token=you.token))
        assert isinstance(dead, Refused)
        assert dead.code is Code.TOKEN_DEAD


def test_a_new_password_ends_tokens_and_sessions(server: Server) -> None:
    with NativePeer(server.port) as peer:
        peer.hello()
        you = answer_to(peer, Login(id=new_id(), name="ann", password=PASSWORD, remember=True))
        assert isinstance(you, You)
        assert you.token is not None
        assert server.log()
        changed = server_passwd(server, "ann", "another horse")
        assert changed == 0
        assert peer.wait(lambda unit: isinstance(unit, Farewell)).parting is Parting.REVOKED
    with NativePeer(server.port) as peer:
        peer.hello()
        dead = answer_to(peer, Resume(id=new_id(), token=you.token))
        assert isinstance(dead, Refused)
        assert dead.code is Code.TOKEN_DEAD
    assert isinstance(try_login(server.port, "ann", "another horse"), You)


def server_passwd(server: Server, name: str, password: str) -> int:
    """Set somebody's password as the operator does."""
    from server import besedka

    done = besedka("user", "passwd", name, "--password-stdin", "--data", server.data, typed=password + "\n")
    return done.returncode


def test_where_an_invitation_is_needed_unknown_and_wrong_are_alike(tmp_path: Path) -> None:
    configuration = tmp_path / "besedka.toml"
    configuration.write_text('[accounts]\nregistration = "invite"\n')
    server = Server(tmp_path / "data", arguments=["--no-console", "--config", str(configuration)])
    server.add("ann", PASSWORD)
    with server.start():
        answers = [try_login(server.port, name, "wrong") for name in ("ann", "nobody")]
        assert [(one.code, one.why, one.detail) for one in answers if isinstance(one, Refused)] == [
            (Code.WRONG_PASSWORD, "Wrong name or password.", "")
        ] * 2
        with NativePeer(server.port) as peer:
            peer.hello()
            bad = answer_to(peer, Register(id=new_id(), name="ann", password=PASSWORD, invitation="guess"))
            assert isinstance(bad, Refused)
            assert bad.code is Code.INVITATION_NEEDED, "that the name is taken is for the invited to know"
            code = server.ctl("invite").stdout.split()[-1]
            invited = Register(id=new_id(), name="carl", password=PASSWORD, invitation=code)
            assert isinstance(answer_to(peer, invited), You)
        with NativePeer(server.port) as peer:
            peer.hello()
            used = answer_to(peer, Register(id=new_id(), name="dora", password=PASSWORD, invitation=code))
            assert isinstance(used, Refused)
            assert used.code is Code.INVITATION_NEEDED


def test_guests_come_where_they_are_admitted(tmp_path: Path) -> None:
    configuration = tmp_path / "besedka.toml"
    configuration.write_text("[accounts]\nguests = true\n")
    server = Server(tmp_path / "data", arguments=["--no-console", "--config", str(configuration)])
    server.add("ann", PASSWORD)
    with server.start(), NativePeer(server.port) as peer, NativePeer(server.port) as other:
        peer.ask()
        peer.hello()
        guest = answer_to(peer, ComeAsGuest(id=new_id(), name="visitor"))
        assert isinstance(guest, You)
        assert guest.principal < 0
        assert guest.inbox is None
        other.hello()
        for name in ("visitor", "VISITOR", "ann", "server"):
            refused = answer_to(other, ComeAsGuest(id=new_id(), name=name))
            assert isinstance(refused, Refused)
            assert refused.code in (Code.NAME_TAKEN, Code.NAME_RESERVED)
    with server.start(), NativePeer(server.port) as peer:
        peer.hello()
        later = answer_to(peer, ComeAsGuest(id=new_id(), name="visitor"))
        assert isinstance(later, You)
        assert later.principal != guest.principal, "a guest's id is never given again, across restarts too"


@pytest.mark.parametrize("each", [8, pytest.param(50, marks=pytest.mark.slow)])
def test_a_flood_of_guesses_holds_nobody_up_for_long(server: Server, each: int) -> None:
    assert isinstance(try_login(server.port, "ann", PASSWORD), You), "ann has been here before, from this address"
    guesses: list[Unit] = []

    def guess() -> None:
        for _ in range(each):
            with NativePeer(server.port) as peer:
                peer.hello()
                guesses.append(answer_to(peer, Login(id=new_id(), name="ann", password="guess")))

    guessers = [threading.Thread(target=guess, daemon=True) for _ in range(20)]
    for guesser in guessers:
        guesser.start()
    began, waits = time.monotonic(), []
    while any(guesser.is_alive() for guesser in guessers):
        before = time.monotonic()
        assert before - began < 120, "all guesses are over by now"
        outcome = try_login(server.port, "ann", PASSWORD)
        if isinstance(outcome, Refused):
            assert outcome.code is Code.BUSY, "told to try again, which a client does by itself"
            continue
        waits.append(time.monotonic() - before)
    assert len(guesses) == 20 * each
    assert not [one for one in guesses if isinstance(one, You | Welcome)]
    assert waits, "ann came in while the flood went on"
