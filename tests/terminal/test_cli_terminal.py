"""The command line in a pseudo-terminal: passwords without echo, Ctrl-C and Ctrl-D, and a server in the background."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from server import BESEDKA, besedka

SECONDS = 20


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def spawn(*arguments: str | Path) -> pexpect.spawn[str]:
    command, *before = BESEDKA
    return pexpect.spawn(command, [*before, *map(str, arguments)], encoding="utf-8", timeout=SECONDS)


@pytest.fixture
def served(data: Path) -> Iterator[pexpect.spawn[str]]:
    terminal = spawn("serve", "--port", "auto", "--data", data)
    terminal.expect("listening on 127.0.0.1:[0-9]+\r\n")
    terminal.expect("fingerprint .*\r\n")
    yield terminal
    terminal.close(force=True)


def ended(terminal: pexpect.spawn[str]) -> tuple[str, int | None]:
    """What it still said, and its exit status."""
    terminal.expect(pexpect.EOF)
    terminal.close()
    return terminal.before or "", terminal.exitstatus


def test_a_password_is_asked_for_twice_and_never_shown(data: Path) -> None:
    terminal = spawn("user", "add", "ann", "--data", data)
    for prompt, answer in (
        ("Password: ", "correct horse"),
        ("Password again: ", "correct house"),
        ("Password: ", "correct horse"),
        ("Password again: ", "correct horse"),
    ):
        terminal.expect_exact(prompt)
        terminal.waitnoecho(SECONDS)
        terminal.sendline(answer)
    said, status = ended(terminal)
    assert status == 0
    assert said.endswith("ann is registered.\r\n")
    assert "horse" not in said


@pytest.mark.parametrize("key", ["c", "d"])
def test_whoever_gives_up_at_the_password_makes_no_account(data: Path, key: str) -> None:
    terminal = spawn("user", "add", "ann", "--data", data)
    terminal.expect_exact("Password: ")
    terminal.waitnoecho(SECONDS)
    terminal.sendcontrol(key)
    said, status = ended(terminal)
    assert status == 1
    assert "Traceback" not in said
    assert not data.exists()


@pytest.mark.parametrize(("answer", "gone"), [("bob", False), ("", False), ("Ann", True)])
def test_an_account_is_removed_when_its_name_is_typed_again(used: Path, answer: str, gone: bool) -> None:
    assert besedka("user", "add", "ann", "--password-stdin", "--data", used, typed="correct horse\n").returncode == 0
    terminal = spawn("user", "remove", "ann", "--data", used)
    terminal.expect_exact("type its name again: ")
    terminal.sendline(answer)
    said, status = ended(terminal)
    assert (status, "nothing was removed" in said) == ((0, False) if gone else (1, True))
    assert ("ann" in besedka("user", "list", "--data", used).stdout.split()) is not gone


def test_control_c_ends_the_server_in_order(served: pexpect.spawn[str], data: Path) -> None:
    served.sendcontrol("c")
    said, status = ended(served)
    assert status == 0
    assert said.strip() in ("", "^C")
    assert not (data / "server.port").exists()


def test_control_d_ends_the_console_only(served: pexpect.spawn[str], data: Path) -> None:
    served.sendcontrol("d")
    assert besedka("ctl", "status", "--data", data).returncode == 0
    served.sendline("shutdown")
    assert besedka("ctl", "status", "--data", data).returncode == 0
    served.kill(signal.SIGTERM)
    assert ended(served)[1] == 0


def test_commands_are_answered_on_the_terminal(served: pexpect.spawn[str]) -> None:
    served.sendline("status")
    served.expect("0 connections, 0 sessions of 0 people\r\n")
    served.sendline("shutdown")
    said, status = ended(served)
    assert status == 0
    assert "The server is shutting down." in said


def test_in_the_background_it_serves_on_and_leaves_the_terminal_alone(data: Path) -> None:
    shell = pexpect.spawn("/bin/bash", ["--norc", "-i"], encoding="utf-8", timeout=SECONDS)
    shell.sendline("PS1='rea''dy> '")
    shell.expect_exact("ready> ")
    command = " ".join(BESEDKA)
    shell.sendline(f"{command} serve --port auto --data {data} &")
    shell.expect("listening on 127.0.0.1:([0-9]+)\r\n")
    shell.sendline(f"{command} ctl status --data {data}")
    shell.expect("up 0 d")
    shell.sendline("jobs")
    shell.expect(re.compile(r"\[1\]\+ +(\w+)"))
    assert shell.match is not None
    assert shell.match[1] == "Running"
    shell.sendline(f"{command} ctl shutdown --data {data}")
    shell.expect_exact("The server is shutting down.")
    shell.sendline("wait; exit")
    shell.expect(pexpect.EOF)
    shell.close()
