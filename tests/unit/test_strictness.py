"""sts: whom it is told, and that it is told only where it is true."""

from __future__ import annotations

import ssl
from pathlib import Path

import msgspec
import pytest

from besedka.config import Config
from besedka.config_keys import Listener
from besedka.net.tls import Certificate, self_made
from besedka.net.vouching import is_vouched_for
from besedka.serve.settings import for_hub
from besedka.wire.irc.settings import IrcSettings
from besedka.wire.irc.strictness import DURATION_SECONDS
from certificates import vouched
from irc_visitor import FakeWorld, Visitor

STRICT = Config(irc_sts_port=6697, listen=(Listener("localhost", 0),))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tls")


@pytest.fixture(scope="module")
def authority(folder: Path) -> Path:
    """The file of the authority; `server.pem` beside it is the chain and the key that it vouches for."""
    return vouched(folder)[1]


def test_a_certificate_is_vouched_for_by_an_authority_and_for_a_name(folder: Path, authority: Path) -> None:
    context = Certificate(chain=folder / "server.pem", key=folder / "server.pem").context
    trust = ssl.create_default_context(cafile=str(authority))
    assert is_vouched_for(context, "localhost", trust=trust)
    assert not is_vouched_for(context, "chat.example", trust=trust), "another name"
    assert not is_vouched_for(context, "localhost"), "nobody knows that authority"
    assert not is_vouched_for(self_made(folder).context, "localhost", trust=trust)


def test_sts_is_for_a_certificate_that_others_trust(
    folder: Path, authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem = folder / "server.pem"
    own = msgspec.structs.replace(STRICT, certificate=pem, key=pem)
    certificate = Certificate(chain=pem, key=pem)
    assert for_hub(own, certificate).irc.sts_port == 0, "nobody knows that authority"
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    assert for_hub(own, certificate).irc.sts_port == 6697
    assert for_hub(STRICT, certificate).irc.sts_port == 0, "not the operator's own"
    assert for_hub(own, None).irc.sts_port == 0
    assert for_hub(msgspec.structs.replace(own, irc_sts_port=0), certificate).irc.sts_port == 0
    elsewhere = msgspec.structs.replace(own, listen=(Listener("127.0.0.1", 0),), name="chat.example")
    assert for_hub(elsewhere, certificate).irc.sts_port == 0, "of another name"


def listed(visitor: Visitor) -> list[str]:
    visitor.write("CAP LS 302")
    return [one for line in visitor.read() for one in line.split(" :")[1].split(" ") if one.startswith("sts")]


@pytest.mark.parametrize(
    ("port", "tls", "safe", "said"),
    [
        (6697, True, True, [f"sts=duration={DURATION_SECONDS}"]),
        (6697, False, False, ["sts=port=6697"]),
        (6697, False, True, []),  # On this machine the name is another, which no certificate is for.
        (0, True, True, []),
        (0, False, False, []),
    ],
)
def test_a_duration_is_told_over_tls_and_a_port_where_the_way_is_not_safe(
    monkeypatch: pytest.MonkeyPatch, port: int, tls: bool, safe: bool, said: list[str]
) -> None:
    monkeypatch.setattr(FakeWorld, "settings", IrcSettings(sts_port=port))
    visitor = Visitor(safe=safe, tls=tls)
    assert listed(visitor) == said
    visitor.write("CAP REQ sts", "CAP LS")
    nak, plain = visitor.read()
    assert nak == ":here. CAP * NAK :sts", "nobody asks for it"
    assert "sts" not in plain.split(" :")[1].split(" "), "it has a value or is nothing"
