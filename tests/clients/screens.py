"""Other people's programs on a terminal of their own: started under tmux, typed at, and looked at."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pytest

from waiting import block_until

COLUMNS: Final = 120
LINES: Final = 40
SECONDS_MAX: Final = 30.0
"""These programs come back to a server that was away when they think fit."""

_OF_NOBODY: Final = ("-f", os.devnull, "-u")
"""Not configured by whoever runs the tests, and in UTF-8."""


def needs(*programs: str) -> None:
    """Fail where a program is missing: a test that is passed over in silence proves nothing."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        pytest.fail(f"install these to run `make clients`: {', '.join(missing)}")


class Screen:
    """One program in a terminal. As a context manager it is gone after, whatever happened."""

    def __init__(self, command: Sequence[str], *, environment: Mapping[str, str]) -> None:
        needs("tmux", command[0])
        self._socket = f"besedka-{uuid.uuid4().hex}"
        variables = [f"{key}={value}" for key, value in environment.items()]
        line = shlex.join(["env", "LANG=C.UTF-8", "TZ=UTC", *variables, *command])
        self._tmux("new-session", "-d", "-x", str(COLUMNS), "-y", str(LINES), line)

    def types(self, *lines: str) -> None:
        """Type lines, each with Enter behind it."""
        for line in lines:
            self._tmux("send-keys", "-l", "--", line)
            self._tmux("send-keys", "Enter")

    def presses(self, *keys: str) -> None:
        """Press keys by the names that tmux has for them."""
        self._tmux("send-keys", *keys)

    @property
    def shown(self) -> str:
        """What is on it now."""
        return self._tmux("capture-pane", "-p")

    def sees(self, *texts: str, seconds: float = SECONDS_MAX) -> None:
        """Wait until all of these are on it."""
        try:
            block_until(lambda: all(text in self.shown for text in texts), seconds=seconds)
        except AssertionError:
            pytest.fail(f"{texts} is not all there:\n{self.shown}")

    def close(self) -> None:
        """End the program."""
        command = ["tmux", "-L", self._socket, "kill-server"]
        subprocess.run(command, check=False, capture_output=True, timeout=SECONDS_MAX)

    def _tmux(self, *arguments: str) -> str:
        command = ["tmux", "-L", self._socket, *_OF_NOBODY, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=SECONDS_MAX).stdout

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


# The programs ----------------------------------------------------------------------------------------------------


def weechat(home: Path, port: int, *, name: str, password: str, channel: str) -> Screen:
    """WeeChat, logging in by SASL over TLS, in one channel."""
    options = {
        "ssl": "on",
        "ssl_verify": "off",
        "sasl_mechanism": "plain",
        "sasl_username": name,
        "sasl_password": password,
        "nicks": name,
        "username": name,
        "realname": f"{name} of WeeChat",
        "autojoin": channel,
        "autoreconnect_delay": "1",
        "capabilities": "*",
    }
    commands = [
        f"/server add here 127.0.0.1/{port}",
        *(f"/set irc.server.here.{option} {value}" for option, value in options.items()),
        "/set irc.network.autoreconnect_delay_growing 1",
        "/set irc.look.server_buffer independent",
        "/connect here",
    ]
    run = [word for command in commands for word in ("-r", command)]
    return Screen(["weechat", "-d", str(home), *run], environment={"TERM": "screen"})


_IRSSI = """\
servers = (
  {{
    address = "127.0.0.1"; chatnet = "here"; port = "{port}"; use_tls = "yes"; tls_verify = "no"; autoconnect = "yes";
  }}
);
chatnets = {{
  here = {{
    type = "IRC"; nick = "{name}"; username = "{name}"; realname = "{name} of irssi";
    sasl_mechanism = "plain"; sasl_username = "{name}"; sasl_password = "{password}";
  }};
}};
channels = ( {{ name = "{channel}"; chatnet = "here"; autojoin = "yes"; }} );
settings = {{
  core = {{ real_name = "{name} of irssi"; user_name = "{name}"; nick = "{name}"; server_reconnect_time = "10s"; }};
  "fe-common/core" = {{ autoclose_windows = "no"; }};
}};
"""


def irssi(home: Path, port: int, *, name: str, password: str, channel: str) -> Screen:
    """irssi, the same."""
    home.mkdir()
    (home / "config").write_text(_IRSSI.format(port=port, name=name, password=password, channel=channel))
    return Screen(["irssi", f"--home={home}"], environment={"TERM": "xterm"})


def netcat(port: int) -> Screen:
    """`nc`, which knows of nothing."""
    return Screen(["nc", "127.0.0.1", str(port)], environment={"TERM": "xterm"})
