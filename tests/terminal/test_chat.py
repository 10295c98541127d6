"""`besedka chat` in a terminal against a real server: what a person sees and types."""

from __future__ import annotations

import shutil
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from server import Server, besedka
from typing_person import Typist
from waiting import block_until


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("data"), arguments=["--no-console"]) as running:
        yield running


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def arguments(server: Server) -> tuple[str, str]:
    return "127.0.0.1", str(server.port)


def test_the_first_visit_and_the_second(server: Server, state: Path) -> None:
    with Typist(state) as ann:
        ann.sees("Server address [127.0.0.1]: ")
        ann.types("")
        ann.sees("Port [9090]: ")
        ann.types(str(server.port))
        ann.sees("new to this device", "SHA256:")
        ann.enters("ann")
        ann.types("hello, garden")
        ann.sees("ann: hello, garden")
        ann.types("exit")
        assert ann.status() == 0
        assert "correct horse" not in ann.screen
    with Typist(state) as ann:
        ann.sees("Server address [127.0.0.1]: ")
        ann.types("")
        ann.sees(f"Port [{server.port}]: ")
        ann.types("")
        ann.sees("Name [ann]: ")
        ann.types("")
        ann.sees("ann: hello, garden", "lobby>")
        ann.ends_input()
        assert ann.status() == 0
        assert "Password" not in ann.screen
        assert "new to this device" not in ann.screen
    assert (state / "device.json").stat().st_mode & 0o777 == 0o600
    assert state.stat().st_mode & 0o777 == 0o700


def test_two_people_talk_and_the_line_being_typed_is_kept(server: Server, tmp_path: Path) -> None:
    with Typist(tmp_path / "b", *arguments(server)) as bob, Typist(tmp_path / "c", *arguments(server)) as cat:
        bob.enters("bob")
        cat.enters("cat")
        bob.sees("-- cat joined")
        bob.presses("I was just going to ")
        cat.types("interrupt you")
        bob.sees("cat: interrupt you", "lobby>", "I was just going to")
        bob.types("say so")
        cat.sees("bob: I was just going to say so")
        cat.types("/quit")
        assert cat.status() == 0
        bob.sees("-- cat has gone")
        bob.types("exit")
        assert bob.status() == 0


def test_a_paste_of_several_lines_is_one_message(server: Server, state: Path) -> None:
    with Typist(state, *arguments(server)) as dan:
        dan.enters("dan")
        dan.pastes("one\n12:00 eve: two")
        dan.sees("12:00 eve: two")
        dan.types("")
        dan.sees("dan: one\r\n", "      12:00 eve: two")
        dan.types("exit")
        assert dan.status() == 0


def test_tab_goes_on_with_commands_and_people(server: Server, tmp_path: Path) -> None:
    with Typist(tmp_path / "r", *arguments(server)) as ria, Typist(tmp_path / "s", *arguments(server)) as sebastian:
        ria.enters("ria")
        sebastian.enters("sebastian")
        ria.sees("-- sebastian joined")
        for begun, rest, more, result in (
            ("/prof", "ile", "", "no real name"),
            ("hello @seb", "astian", " and welcome", "ria: hello @sebastian and welcome"),
            ("/whois SEB", "sebastian", "", "is here"),
        ):
            ria.presses(begun + "\t")
            ria.sees(rest)
            ria.types(more)
            ria.sees(result)
        sebastian.sees("ria: hello @sebastian and welcome")
        ria.types("exit")
        sebastian.types("exit")
        assert (ria.status(), sebastian.status()) == (0, 0)


def test_commands(server: Server, state: Path) -> None:
    with Typist(state, *arguments(server)) as eve:
        eve.enters("eve")
        eve.types("/join tea")
        eve.sees("tea>")
        eve.types("/topic which one")
        eve.sees("-- eve set the topic: which one")
        eve.types("/rooms")
        eve.sees("* tea", "which one")
        eve.types("/who")
        eve.sees("1 person", "here: ", "eve")
        eve.types("/me pours")
        eve.sees("* eve pours")
        eve.types("//sugar")
        eve.sees("eve: /sugar")
        eve.types("чай с мёдом готов")
        eve.sees("eve: чай с мёдом готов")
        eve.types('/search "С МЕДОМ" from:me')
        eve.sees("tea#6", "eve: чай", "с мёдом", "готов", "-- 1 message")
        eve.types("/history tea#6")
        eve.sees("-- earlier in tea", "eve set the topic: which one", "чай с мёдом готов", "←")
        eve.types("/msg eve remember the milk")
        eve.sees("[@eve]", "eve: remember the milk")
        eve.types("/nonsense")
        eve.sees("There is no command /nonsense")
        eve.types("/join")
        eve.sees("/join ROOM")
        eve.types("/leave")
        eve.sees("lobby>")
        eve.types("/help")
        eve.sees("/history", "/quit", "/help ban about one command")
        eve.types("exit")
        assert eve.status() == 0


@pytest.mark.parametrize("questions", [0, 1, 2, 3])
def test_ctrl_c_at_a_question_ends_without_a_traceback(server: Server, state: Path, questions: int) -> None:
    with Typist(state) as fay:
        answers = [("Server address", ""), ("Port", str(server.port)), ("Name", "fay"), ("Password", "")]
        for question, answer in answers[:questions]:
            fay.sees(question)
            fay.types(answer)
        fay.sees(answers[questions][0])
        fay.interrupts()
        assert fay.status() == 130
        assert "Traceback" not in fay.screen


@pytest.mark.parametrize("plain", [False, True])
def test_ctrl_c_in_the_talk_leaves(server: Server, state: Path, plain: bool) -> None:
    with Typist(state, *arguments(server), *(["--plain"] if plain else [])) as gil:
        name = "gilplain" if plain else "gil"
        if plain:
            for question, answer in (("Name", name), ("Password", "correct horse"), ("again", "correct horse")):
                gil.sees(question)
                gil.types(answer)
            gil.sees("you are in lobby")
        else:
            gil.enters(name)
        gil.interrupts()
        assert gil.status() == 0
        assert "Traceback" not in gil.screen


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("where", ["name", "password", "talk", "plain"])
def test_a_signal_leaves_and_gives_the_terminal_back(
    server: Server, state: Path, number: signal.Signals, where: str
) -> None:
    with Typist(state, *arguments(server), *(["--plain"] if where == "plain" else [])) as una:
        una.sees("Name")
        if where != "name":
            una.types(f"una-{where}-{number}")
            una.sees("Password: ")
            block_until(una.is_raw)
        if where in ("talk", "plain"):
            una.types("correct horse")
            una.sees("Password again: ")
            una.types("correct horse")
            una.sees("lobby>" if where == "talk" else "you are in lobby")
        assert una.is_raw() is (where in ("password", "talk"))
        una.is_told(number)
        assert una.status() == 128 + number
        assert not una.is_raw()
        assert "Traceback" not in una.screen


def test_a_terminal_that_is_closed_is_a_way_of_leaving(server: Server, state: Path) -> None:
    with Typist(state, *arguments(server)) as ada:
        ada.enters("ada")
        assert ada.hangs_up() == 128 + signal.SIGHUP


def test_two_different_passwords_make_no_account(server: Server, state: Path) -> None:
    with Typist(state, *arguments(server)) as hal:
        for _ in range(3):
            hal.sees("Name")
            hal.types("hal")
            hal.sees("Password: ")
            hal.types("correct horse")
            hal.sees("New here. Password again: ")
            hal.types("correct house")
            hal.sees("two different passwords")
        assert hal.status() == 2
    listed = besedka("user", "list", "--data", server.data).stdout
    assert "hal" not in listed.split()


def free_port() -> int:
    """A port nobody listens on. `auto` would not do where a server is started again: others may take its port."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        return int(unused.getsockname()[1])


def test_bad_ports_are_explained_and_the_third_ends_it(state: Path) -> None:
    with Typist(state) as ivy:
        ivy.sees("Server address")
        ivy.types("")
        for bad, why in (("soon", "is not a number"), ("70000", "is out of range"), ("0", "is out of range")):
            ivy.sees("Port")
            ivy.types(bad)
            ivy.sees(why)
        assert ivy.status() == 2


def test_nobody_listening_is_explained_and_both_are_asked_again(state: Path) -> None:
    port = free_port()
    with Typist(state) as joe:
        for _ in range(3):
            joe.sees("Server address")
            joe.types("")
            joe.sees("Port")
            joe.types(str(port))
            joe.sees(f"Nobody is listening at 127.0.0.1:{port}")
        assert joe.status() == 2


def test_a_restarted_server_is_found_again_and_what_was_typed_meanwhile_is_said(tmp_path: Path) -> None:
    with (
        Server(tmp_path / "data", arguments=["--no-console", "--port", str(free_port())]) as server,
        Typist(tmp_path / "state", *arguments(server)) as kim,
    ):
        kim.enters("kim")
        kim.types("before")
        kim.sees("kim: before")
        server.kill()
        kim.sees("The connection is lost.", "Trying again in")
        kim.types("meanwhile")
        kim.sees("That will be said when the connection is back.")
        server.start()
        kim.sees("Back.", "kim: meanwhile")
        kim.types("exit")
        assert kim.status() == 0
        assert kim.screen.count("kim: before") == 1
        assert kim.screen.count("kim: meanwhile") == 1


def test_a_server_with_another_key_is_not_talked_to(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with Server(tmp_path / "data", arguments=["--no-console", "--port", str(free_port())]) as server:
        with Typist(state, *arguments(server)) as lee:
            lee.enters("lee")
            lee.types("exit")
            assert lee.status() == 0
        server.stop()
        shutil.rmtree(tmp_path / "data" / "tls")
        server.start()
        with Typist(state, *arguments(server), "--name", "lee") as lee:
            lee.sees("HAS ANOTHER KEY THAN BEFORE", "known_servers")
            assert lee.status() == 1


def piped(server: Server, state: Path, typed: str, *more: str) -> tuple[int, str, str]:
    done = besedka("chat", *arguments(server), *more, typed=typed, environment={"BESEDKA_STATE": str(state)})
    assert "\x1b" not in done.stdout + done.stderr
    return done.returncode, done.stdout, done.stderr


def test_piped_lines_go_in_and_come_out(server: Server, state: Path) -> None:
    typed = "mia\ncorrect horse\ncorrect horse\none\n/join piped\ntwo\n" + "".join(f"n{n}\n" for n in range(100))
    status, out, _errors = piped(server, state, typed)
    assert status == 0
    lines = [line.partition("mia: ")[2] for line in out.splitlines() if "mia: " in line]
    assert lines == ["one", "two", *(f"n{n}" for n in range(100))]
    status, out, errors = piped(server, state, "correct horse\n/nonsense\nthree", "--name", "mia")
    assert status == 0
    assert "mia: three" in out
    assert "There is no command /nonsense" in errors


@pytest.mark.parametrize("given", [True, False], ids=["given", "read"])
def test_a_script_that_is_run_again_says_no_password(server: Server, tmp_path: Path, given: bool) -> None:
    name = "raegiven" if given else "rae"
    with Typist(tmp_path / "a terminal's", *arguments(server)) as rae:
        rae.enters(name)
        rae.types("exit")
        assert rae.status() == 0
    typed, more = ("", ["--name", name]) if given else (f"{name}\n", [])
    typed += "correct horse\ncorrect horse\nagain\n"
    for state in ("a terminal's", "a script's", "a script's"):
        status, out, errors = piped(server, tmp_path / state, typed, *more)
        assert status == 0
        assert f"{name}: again" in out
        assert "horse" not in out + errors
        assert errors.count("so it was not said") == 1


def test_a_script_that_registers_does_the_same_again(server: Server, state: Path) -> None:
    for times in (1, 2):
        status, out, errors = piped(server, state, "sue\ncorrect horse\ncorrect horse\nhere\n")
        assert status == 0
        assert out.count("sue: here") == times
        assert "horse" not in out + errors


def test_piped_refusals_are_told_and_counted(server: Server, state: Path) -> None:
    status, _out, errors = piped(server, state, "nia\ncorrect horse\ncorrect horse\n/msg nobodyatall hi\n")
    assert status == 1
    assert "There is nobody of that name." in errors


def test_input_that_ends_too_soon_is_said(server: Server, state: Path) -> None:
    status, _out, errors = piped(server, state, "olaf\n")
    assert status == 2
    assert "input ended" in errors


def test_piped_addresses_are_judged_in_the_same_way(state: Path) -> None:
    done = besedka("chat", typed="127.0.0.1\nx\ny\nz\n", environment={"BESEDKA_STATE": str(state)})
    assert done.returncode == 2
    assert done.stderr.count("is not a number") == 3
    assert done.stdout == ""


def test_an_empty_address_or_port_is_one_not_given(server: Server, state: Path) -> None:
    typed = "\n".join(("vic", "correct horse", "correct horse", ""))
    done = besedka("chat", "", str(server.port), typed=typed, environment={"BESEDKA_STATE": str(state)})
    assert done.returncode == 0, done.stderr
    asked = besedka("chat", "", " ", typed="\n", environment={"BESEDKA_STATE": str(state)})
    assert asked.stderr == "The input ended before everything was answered.\n"


@pytest.mark.parametrize(("port", "why"), [("irc", "irc is not a number"), ("0", "0 is out of range")])
def test_a_port_that_is_none_is_said_in_a_sentence(state: Path, port: str, why: str) -> None:
    done = besedka("chat", "127.0.0.1", port, environment={"BESEDKA_STATE": str(state)})
    assert done.returncode == 2
    assert done.stderr.startswith(why)
    assert done.stderr.count("\n") == 1
