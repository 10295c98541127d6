"""Web clients and others in one room of a real server."""

from __future__ import annotations

from pathlib import Path

from irc_peer import IrcPeer
from server import Server
from web_peer import WebPeer


def test_web_clients_are_in_the_same_rooms(tmp_path: Path) -> None:
    config = tmp_path / "besedka.toml"
    config.write_text("accounts.guests = true\n")
    server = Server(tmp_path / "data", arguments=["--no-console", "--config", str(config)])
    with server.start(), WebPeer(server.port) as web, IrcPeer(server.port) as ann:
        web.hear()
        assert web.accepted == "text.ircv3.net"
        web.write("CAP REQ :draft/metadata-2 batch", "METADATA * SUB avatar")
        web.write("NICK web", "USER web 0 * :Web", "CAP END")
        assert any(" 001 web " in line for line in web.read())
        ann.write("NICK ann", "USER ann 0 * :Ann")
        for peer in (ann, web):
            peer.write("JOIN #tea")
            peer.read()
        ann.write("PRIVMSG #tea :" + "é" * 200, "METADATA * SET avatar :https://chat.example/ann.png")
        assert any(" 761 ann ann avatar * https://chat.example/ann.png" in line for line in ann.read())
        said, value = web.read()
        assert said.endswith(" PRIVMSG #tea :" + "é" * 200)
        assert value.endswith(" METADATA ann avatar * https://chat.example/ann.png")
        web.write("PRIVMSG #tea :hi", "QUIT")
        while web.ended is None:
            web.hear()
        assert any(line.endswith(" PRIVMSG #tea :hi") for line in ann.read())
