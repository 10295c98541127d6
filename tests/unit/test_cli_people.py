"""`ctl` and `user` as people use them, with a running server and without one."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from command import failed, in_process
from server import BESEDKA, Server


@pytest.fixture(params=[True, False], ids=["served", "alone"])
def people(used: Path, data: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """The data, once those of a running server and once to be made."""
    if not request.param:
        yield data
        return
    with Server(used):
        yield used


def test_without_a_server_ctl_says_so(data: Path, used: Path) -> None:
    assert failed("ctl", "status", "--data", data) == f"besedka: no server is running on {data}\n"
    assert not data.exists()
    with Server(used) as server:
        server.kill()
        assert failed("ctl", "status", "--data", used) == f"besedka: no server is running on {used}\n"


def test_the_status_of_ctl_is_the_commands(standing: Server) -> None:
    assert standing.ctl("help").returncode == 0
    assert standing.ctl("dance").returncode == 2
    done = standing.ctl("kick", "nobody")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "nobody is not here.\n")
    assert in_process("ctl", "--data", standing.data).returncode == 2


def test_people_are_managed_with_a_server_and_without(people: Path) -> None:
    def user(*words: str, typed: str = "") -> tuple[int, str, str]:
        done = in_process("user", *words, "--data", people, typed=typed)
        return done.returncode, done.stdout, done.stderr

    assert user("add", "ann", "--password-stdin", "--admin", typed="short\n") == (
        0,
        "ann is registered as an administrator.\n",
        "Warning: a password of fewer than 8 characters is easily guessed.\n",
    )
    assert user("add", "ANN", "--password-stdin", typed="correct horse\n") == (1, "", "That name is taken.\n")
    assert user("role", "ann", "user")[:2] == (0, "ann is a user now.\n")
    assert user("passwd", "ann", "--password-stdin", typed="correct horse\r\n")[0] == 0
    status, code, _ = user("invite", "--days", "1", "--uses", "2")
    assert status == 0
    assert re.fullmatch("[a-z2-7]{16}\n", code)
    assert user("invite", "--days", "0")[0] == 2
    status, table, _ = user("list")
    assert status == 0
    assert re.match(r"ann +user +20\d\d-\d\d-\d\d \d\d:\d\d +- +- +-$", table.splitlines()[1])
    file = people.parent / "ann.json"
    assert user("export", "ANN", "-o", str(file)) == (0, "", "")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text())["account"]["name"] == "ann"
    acts = [(act["act"], act["what"]) for act in json.loads(file.read_text())["acts"]]
    assert acts == [("role", "ann: admin"), ("role", "ann: user"), ("password", "ann"), ("export", "ann")]
    assert "cannot be made: File exists" in user("export", "ann", "-o", str(file))[2]
    assert user("export", "bob", "-o", str(file.with_name("bob.json")))[0] == 1
    assert not file.with_name("bob.json").exists()
    assert user("remove", "ann")[0] == 0
    assert user("list")[1].count("\n") == 1
    assert user("remove", "ann") == (1, "", "There is nobody of that name.\n")
    assert user("add", "ann", "--password-stdin", typed="correct horse\n") == (1, "", "That name is taken.\n")
    log = (people / "server.log").read_text()
    assert "account added name=ann" in log
    assert "horse" not in log


def test_an_old_users_file_is_imported_but_for_its_bad_lines(people: Path, tmp_path: Path) -> None:
    md5 = "5f4dcc3b5aa765d61d8327deb882cf99"
    file = tmp_path / "users.csv"
    rows = ["name,address,md5hex", f"ann,192.0.2.1,{md5}", "bob,192.0.2.1", f"9,192.0.2.1,{md5}", f"eve,?,{md5}"]
    file.write_text("\n".join((*rows, f"system,::1,{md5}", "")))
    done = in_process("user", "import", file, "--data", people)
    assert (done.returncode, done.stdout) == (1, "1 of 5 imported.\n")
    assert [line.partition(":")[0] for line in done.stderr.splitlines()] == ["line 3", "line 4", "line 5", "line 6"]
    done = in_process("user", "import", file, "--data", people)
    assert done.stdout == "0 of 5 imported.\n"
    assert done.stderr.startswith("line 2: That name is taken.\nline 3: ")
    file.write_text("".join(f"user{number};::1;{md5}\n" for number in range(3)))
    done = in_process("user", "import", file, "--data", people)
    assert (done.returncode, done.stdout, done.stderr) == (0, "3 of 3 imported.\n", "")
    assert re.search("^ann +user", in_process("user", "list", "--data", people).stdout, re.MULTILINE)
    for path in people.iterdir():
        if path.is_file():
            assert md5.encode() not in path.read_bytes(), path


def test_a_users_file_that_cannot_be_read_is_one_sentence(data: Path, tmp_path: Path) -> None:
    sentence = failed("user", "import", tmp_path / "none.csv", "--data", data)
    assert sentence == f"besedka: {tmp_path / 'none.csv'} cannot be read: No such file or directory\n"
    assert "cannot be read" in failed("user", "import", tmp_path, "--data", data)


def test_a_password_is_never_on_the_command_line_nor_guessed(data: Path) -> None:
    assert "use --password-stdin" in failed("user", "add", "ann", "--data", data, status=2)
    assert "unexpected extra argument" in failed("user", "add", "ann", "hunter2", "--data", data, status=2)
    assert "empty" in failed("user", "add", "ann", "--password-stdin", "--data", data, typed="\n")


@pytest.mark.parametrize(
    "arguments",
    [["dance"], ["serve", "--dance"], ["user", "dance"], ["user", "role", "ann", "god"], ["ctl"], ["user", "add"]],
)
def test_misuse_is_exit_status_two(arguments: list[str], data: Path) -> None:
    assert "Error:" in failed(*arguments, status=2)


def test_output_that_nobody_reads_is_no_fault(standing: Server) -> None:
    command = [*BESEDKA, "ctl", "help", "--data", str(standing.data)]
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=30, check=False)
    os.close(writing)
    assert process.returncode == 1
    assert process.stderr == ""
