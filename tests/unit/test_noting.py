"""Having a running server note a backup never keeps anybody from having made one."""

from __future__ import annotations

import socket
from pathlib import Path

import msgspec
import pytest

from besedka.admin import noting
from besedka.admin.deeds import AnyDeed
from besedka.admin.noting import NoteBackup, tell_server

DEED = NoteBackup(file="/srv/b.tar", made=1, bytes=2, by="root")


def test_a_server_is_told_in_the_words_of_the_control_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noting, "ANSWER_SECONDS_MAX", 0.01)  # Nobody answers.
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(str(tmp_path / "control.sock"))
        listening.listen()
        tell_server(tmp_path / "control.sock", DEED)
        heard, _ = listening.accept()
        with heard:
            assert msgspec.json.decode(heard.recv(4096), type=AnyDeed) == DEED


def test_a_server_that_is_gone_or_does_not_listen_to_this_user(tmp_path: Path) -> None:
    tell_server(tmp_path / "control.sock", DEED)
    (tmp_path / "control.sock").touch()
    tell_server(tmp_path / "control.sock", DEED)
