"""What the parts of the server are told of the configuration."""

from __future__ import annotations

import msgspec

from besedka import __version__
from besedka.config import Config
from besedka.hub.settings import Settings as HubSettings
from besedka.net.parts import Settings as NetSettings
from besedka.net.tls import Certificate
from besedka.net.vouching import is_vouched_for


def for_hub(config: Config, certificate: Certificate | None) -> HubSettings:
    """What the hub must know; sts is for a certificate that others trust by one of this server's names."""
    strict = config.irc.sts_port != 0 and certificate is not None and is_trusted(config, certificate)
    return HubSettings(
        name=config.name,
        version=f"besedka {__version__}",
        registration=config.registration,
        guests=config.guests,
        retention=config.retention,
        irc=config.irc if strict else msgspec.structs.replace(config.irc, sts_port=0),
    )


def for_net(config: Config) -> NetSettings:
    """What the net must know."""
    return NetSettings(
        name=config.name,
        allow_plaintext=config.allow_plaintext,
        allow_text_prompt=config.allow_text_prompt,
        trusted_proxies=config.trusted_proxies,
        hostnames=hostnames(config),
    )


def is_trusted(config: Config, certificate: Certificate) -> bool:
    """Whether the operator's own certificate is vouched for, for a name that people call this server by."""
    if config.certificate is None:
        return False  # The self-made one vouches for itself.
    return any(is_vouched_for(certificate.context, name) for name in hostnames(config))


def hostnames(config: Config) -> tuple[str, ...]:
    """The names that this server is called by in a browser: those it listens on, and its own where that is one."""
    names = [listener.host for listener in config.listen if any(letter.isalpha() for letter in listener.host)]
    names = [name for name in names if ":" not in name]
    if "." in config.name and " " not in config.name:
        names.append(config.name)
    return tuple(dict.fromkeys(names))
