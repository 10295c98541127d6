"""`serve` as people use it: exit statuses, and one sentence for everything that is wrong."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from besedka import __version__
from command import failed, in_process
from server import BESEDKA, Server, besedka
from waiting import block_until


@pytest.fixture
def server(used: Path) -> Iterator[Server]:
    with Server(used) as server:
        yield server


def heard(peer: socket.socket, words: bytes) -> None:
    """Read until the server has said this."""
    peer.settimeout(10)
    said = b""
    while words not in said:
        more = peer.recv(1000)
        assert more, f"the connection ended after {said!r}"
        said += more


# Starting --------------------------------------------------------------------------------------------------------


def test_the_version_is_the_packages() -> None:
    assert besedka("--version").stdout == f"besedka {__version__}\n"


def test_everything_in_the_data_directory_is_its_users_alone(data: Path) -> None:
    with Server(data, environment={"UMASK": "0"}) as server:
        assert (data / "server.port").read_text() == f"{server.port}\n"
        paths = [data, *data.rglob("*")]
        assert {path.name for path in paths} >= {"accounts.db", "messages.db", "server.log", "control.sock", "lock"}
        assert [path for path in paths if stat.S_IMODE(path.stat().st_mode) & 0o077] == []


def test_the_first_start_shows_the_fingerprint_and_later_ones_do_not(data: Path) -> None:
    with Server(data) as server:
        block_until(lambda: len(server.output) == 2)
        assert re.fullmatch(r"certificate made for this server, fingerprint SHA256:[\w+/]{43}", server.output[1])
        assert server.stop() == 0
        assert server.start().stop() == 0
        assert server.output == [f"listening on 127.0.0.1:{server.port}"]


def test_two_servers_with_different_data_find_a_port_each(used: Path, tmp_path: Path) -> None:
    shutil.copytree(used, tmp_path / "other")
    with Server(used) as one, Server(tmp_path / "other") as other:
        assert one.port != other.port
        for port in (one.port, other.port):
            socket.create_connection(("127.0.0.1", port), 5).close()


def test_after_a_crash_the_port_is_the_same(used: Path, tmp_path: Path) -> None:
    alone = ("--host", "127.90.90.1")  # Where no other test's server takes the port meanwhile.
    shutil.copytree(used, tmp_path / "in-the-way")
    with Server(tmp_path / "in-the-way", arguments=alone), Server(used, arguments=alone) as server:
        port = server.port
        assert port != 9090
        server.kill()
        assert (used / "server.port").exists()
        assert server.start().port == port


def test_a_port_that_was_asked_for_and_is_busy_is_refused(standing: Server, tmp_path: Path) -> None:
    done = besedka("serve", "--data", tmp_path / "other", "--port", str(standing.port))
    sentence = done.stderr
    assert done.returncode == 1
    assert sentence.startswith(f"besedka: port {standing.port} of 127.0.0.1 is in use")
    assert sentence.count("\n") == 1


@pytest.mark.parametrize("port", ["-1", "65536", "many", "", "٣"])
def test_a_port_that_is_none_is_misuse(data: Path, port: str) -> None:
    assert "is neither a port" in failed("serve", "--data", data, f"--port={port}", status=2)
    assert not data.exists()


def test_a_second_server_on_the_same_data_is_refused_and_told_whose_they_are(standing: Server) -> None:
    sentence = failed("serve", "--data", standing.data, "--port", "auto")
    assert sentence == (
        f"besedka: {standing.data} is in use by process {standing.pid} (port {standing.port}); "
        "end that one, or choose another directory with --data\n"
    )
    assert standing.ctl("status").returncode == 0


@pytest.mark.parametrize(
    ("made", "why"),
    [("file", "Not a directory|File exists"), ("foreign", "holds other things than a chat's data \\(holiday.jpg\\)")],
)
def test_a_directory_that_cannot_be_used_is_refused_untouched(data: Path, made: str, why: str) -> None:
    if made == "file":
        data.write_text("mine")
    else:
        data.mkdir(mode=0o755)
        (data / "holiday.jpg").write_text("mine")
    before = data.stat().st_mode
    sentence = failed("serve", "--data", data)
    assert re.search(why, sentence)
    assert sentence.startswith(f"besedka: {data}")
    assert sentence.count("\n") == 1
    assert data.stat().st_mode == before
    assert made == "file" or os.listdir(data) == ["holiday.jpg"]


def test_a_damaged_database_is_said_and_left_as_it_is(used: Path) -> None:
    (used / "messages.db").write_bytes(b"no database" * 1000)
    sentence = failed("serve", "--data", used)
    assert str(used / "messages.db") in sentence
    assert sentence.count("\n") == 1
    assert (used / "messages.db").read_bytes() == b"no database" * 1000
    assert not (used / "server.port").exists()


def test_every_fault_of_a_configuration_is_shown_with_its_line(data: Path, tmp_path: Path) -> None:
    config = tmp_path / "besedka.toml"
    config.write_text('nmae = "x"\n[limits]\nflood = 3\n')
    assert failed("serve", "--data", data, "--config", config, status=2).splitlines() == [
        f"besedka: {config}:1: `nmae` is no key of this configuration",
        f"besedka: {config}:3: `limits.flood` must be true or false, not a number",
    ]
    assert not data.exists()
    assert "cannot be read" in failed("serve", "--data", data, "--config", tmp_path / "none.toml", status=2)


def test_the_configuration_says_where_to_listen_and_the_command_line_beats_it(used: Path, tmp_path: Path) -> None:
    config = tmp_path / "besedka.toml"
    config.write_text('listen = ["127.0.0.1:0", "127.0.0.2:0"]\n')
    with Server(used, arguments=("--config", str(config))) as server:
        assert len([line for line in server.output if line.startswith("listening on 127.0.0.1:")]) == 1
        assert server.stop() == 0
    command = [*BESEDKA, "serve", "--data", str(used), "--config", str(config)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
    with process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(2)]
        assert [line.rpartition(":")[0] for line in lines] == ["listening on 127.0.0.1", "listening on 127.0.0.2"]
        for line in lines:
            host, _, port = line.removeprefix("listening on ").rpartition(":")
            socket.create_connection((host, int(port)), 5).close()
        process.terminate()
        assert process.wait(10) == 0


def test_python_without_asserts_is_refused(data: Path) -> None:
    command = [sys.executable, "-O", "-m", "besedka", "serve", "--data", str(data)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "python -O" in done.stderr


@pytest.mark.parametrize("blocks", [1, 40])
def test_a_full_disk_is_one_sentence(data: Path, blocks: int) -> None:
    """A file that may not grow past some KiB is as good as a full disk, for the lock or for the databases."""
    command = ["bash", "-c", 'ulimit -f "$0"; exec "$@"', str(blocks), *BESEDKA, "serve", "--data", str(data)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"besedka: {data}")
    assert done.stderr.count("\n") == 1


def test_a_second_start_reads_nothing_that_is_not_needed_at_once(used: Path) -> None:
    with Server(used, environment={"PYTHONPROFILEIMPORTTIME": "1"}) as server:
        assert server.stop() == 0
        imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in server.errors}
    assert "sqlalchemy" in imported or "uvloop" in imported
    assert imported & {"aiohttp", "alembic", "cryptography", "prompt_toolkit", "platformdirs"} == set()


# Running and ending ----------------------------------------------------------------------------------------------


def ended_in_order(server: Server) -> None:
    """It has ended as it should: nothing of the process is left, and the log says so."""
    assert not (server.data / "server.port").exists()
    assert not (server.data / "control.sock").exists()
    assert server.log()[-1] == "stopped status=0"
    assert server.errors == []


@pytest.mark.parametrize("how", ["SIGTERM", "SIGINT", "console", "ctl"])
def test_told_to_stop_it_ends_in_order_within_a_second(server: Server, how: str) -> None:
    with socket.create_connection(("127.0.0.1", server.port), 5) as text:
        text.sendall(b"ann\n")
        heard(text, b"Password:")
        match how:
            case "console":
                server.type_line("shutdown")
            case "ctl":
                done = server.ctl("shutdown")
                assert (done.returncode, done.stdout) == (0, "The server is shutting down.\n")
            case _:
                server.send(signal.Signals[how])
        heard(text, b"The server is shutting down.")  # And it is not closed from this side: the server must not wait.
        assert server.wait() == 0
    stopping, stopped = (
        line.split()[0]
        for line in (server.data / "server.log").read_text().splitlines()
        if line.split()[1] in ("stopping", "stopped")
    )
    assert datetime.fromisoformat(stopped) - datetime.fromisoformat(stopping) < timedelta(seconds=0.8)
    ended_in_order(server)


def test_clients_that_read_nothing_do_not_hold_up_the_end(server: Server) -> None:
    """Their sockets are full of an answer they do not take."""
    deaf = [socket.create_connection(("127.0.0.1", server.port), 5) for _ in range(20)]
    for one in deaf:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        one.setblocking(False)
    try:
        for _ in range(200):
            for one in deaf:
                with contextlib.suppress(BlockingIOError, ConnectionError):
                    one.send(b"x" * 9000 + b"\n")
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < 3.0  # A second for the server, the rest for a busy machine.
    finally:
        for one in deaf:
            one.close()
    ended_in_order(server)


def test_the_end_of_the_consoles_input_is_not_the_end_of_the_server(server: Server) -> None:
    server.type_line("status")
    block_until(lambda: any("sessions of" in line for line in server.output))
    server.end_input()
    assert server.ctl("status").returncode == 0
    assert server.stop() == 0


def test_the_console_says_what_is_wrong_on_the_error_output(server: Server) -> None:
    server.type_line("dance")
    block_until(lambda: server.errors)
    assert server.errors == ["There is no command 'dance'; `help` lists them."]


def test_without_a_console_nothing_that_is_typed_is_a_command(used: Path) -> None:
    with Server(used, arguments=("--no-console",)) as server:
        server.type_line("shutdown")
        assert server.ctl("status").returncode == 0
        assert server.stop() == 0
        assert "command name=shutdown" not in server.log()


def test_paused_it_accepts_nobody_until_it_is_resumed(standing: Server) -> None:
    assert standing.ctl("pause").returncode == 0
    with socket.create_connection(("127.0.0.1", standing.port), 5) as waiting:
        waiting.sendall(b"ann\n")
        assert "(paused)" in standing.ctl("status").stdout
        waiting.setblocking(False)
        with pytest.raises(BlockingIOError):
            waiting.recv(1)
        assert standing.ctl("resume").returncode == 0
        heard(waiting, b"Password:")


def test_a_hangup_reads_the_configuration_and_the_certificate_again(used: Path, tmp_path: Path) -> None:
    config = tmp_path / "besedka.toml"
    config.write_text("")
    with Server(used, arguments=("--config", str(config))) as server:
        before = _certificate(server.port)
        (used / "tls" / "self-made.pem").unlink()
        config.write_text('name = "linden"\n[limits]\nping_seconds = 5\n')
        server.send(signal.SIGHUP)
        block_until(lambda: any(line.startswith("reloaded") for line in server.log()))
        block_until(lambda: "What has changed in `limits` takes a restart." in server.output)
        assert _certificate(server.port) != before
        done = in_process("user", "add", "linden", "--password-stdin", "--data", used, typed="correct horse\n")
        assert done.stderr == "That name is reserved.\n"

        config.write_text('nmae = "x"\n')
        done = server.ctl("reload")
        assert done.returncode == 1
        assert done.stderr.splitlines() == [
            f"{config}:1: `nmae` is no key of this configuration",
            "Nothing is changed.",
        ]
        assert server.stop() == 0


def _certificate(port: int) -> bytes:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port), 5) as plain, context.wrap_socket(plain) as secure:
        certificate = secure.getpeercert(binary_form=True)
    assert certificate is not None
    return certificate


def test_a_long_data_directory_has_its_control_socket_elsewhere(tmp_path: Path) -> None:
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    data = tmp_path / ("x" * 100)
    with Server(data, environment={"XDG_RUNTIME_DIR": str(runtime)}) as server:
        assert len(list(runtime.rglob("*.sock"))) == 1
        assert server.ctl("status").returncode == 0  # Without the variable: the server's word is enough.
        assert server.stop() == 0
    assert list(runtime.rglob("*.sock")) == []
