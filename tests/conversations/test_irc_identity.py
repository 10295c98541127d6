"""Who somebody is over IRC, on a real server: its password, an account made and proved, and what outlives a crash."""

from __future__ import annotations

import base64
from pathlib import Path

from irc_peer import IrcPeer
from scram_client import ScramClient
from server import Server

PASSWORD = "correct horse battery"

CONFIG = """
accounts.guests = true
accounts.scram = true
irc.password = "{password}"
irc.motd_file = "motd.txt"
"""


def numerics(lines: list[str]) -> list[str]:
    return [line.split(" ")[1] for line in lines if line.startswith(":")]


def come(peer: IrcPeer, name: str, *first: str) -> list[str]:
    """Register, if that is allowed; what was answered."""
    peer.write(*first, f"NICK {name}", f"USER {name} 0 * :{name.title()}")
    return peer.read()


def prove(peer: IrcPeer, client: ScramClient) -> None:
    """Log in with SCRAM; the server proves itself too."""

    def told() -> str:
        line = peer.line()
        assert line is not None
        return base64.b64decode(line.removeprefix("AUTHENTICATE ")).decode()

    peer.write("CAP REQ :sasl", "AUTHENTICATE SCRAM-SHA-256")
    peer.line(), peer.line()
    peer.write("AUTHENTICATE " + base64.b64encode(client.first().encode()).decode())
    peer.write("AUTHENTICATE " + base64.b64encode(client.final(told()).encode()).decode())
    assert base64.b64decode(told().removeprefix("v=")) == client.signature
    peer.write("AUTHENTICATE +", "CAP END")


def test_an_account_is_made_over_irc_and_proved_after_a_crash(tmp_path: Path) -> None:
    config, motd = tmp_path / "besedka.toml", tmp_path / "motd.txt"
    config.write_text(CONFIG.format(password="sesame"))
    motd.write_text("Be welcome.\n")
    server = Server(tmp_path / "data", arguments=["--no-console", "--config", str(config)])
    with server.start():
        with IrcPeer(server.port) as stranger:
            assert numerics(come(stranger, "eve", "PASS sesam")) == ["464"]
            assert stranger.line() is None
        with IrcPeer(server.port) as ann:
            lines = come(ann, "ann", "PASS sesame")
            assert [line.partition(" :- ")[2] for line in lines if " 372 " in line] == ["Be welcome."]
            ann.write("JOIN #tea", f"REGISTER * * :{PASSWORD}")
            assert any(" REGISTER SUCCESS ann " in line for line in ann.read())
            server.kill()
        server.begin()
        assert server.wait_listening()
        with IrcPeer(server.port) as ann:
            prove(ann, ScramClient("ann", PASSWORD))
            lines = come(ann, "ann")
            assert any(line.endswith(" JOIN #tea") for line in lines), "an account needs no password of the server"
            ann.write("NAMES #tea")
            assert any(line.endswith(" #tea :@ann") for line in ann.read())
        with IrcPeer(server.port) as ann:
            assert numerics(come(ann, "ann", f"PASS ann:{PASSWORD}x")) == ["464"]
        motd.write_text("Something else.\n")
        config.write_text(CONFIG.format(password="linden"))
        assert server.ctl("reload").returncode == 0
        with IrcPeer(server.port) as guest:
            lines = come(guest, "guest", "PASS linden")
            assert [line.partition(" :- ")[2] for line in lines if " 372 " in line] == ["Something else."]
        log = "\n".join(server.log())
        assert not any(secret in log for secret in ("sesame", "linden", PASSWORD))
