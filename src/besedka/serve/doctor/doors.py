"""The ways in: who can reach the server, by what certificate, and what they may do there."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from pathlib import Path

from besedka.admin.control import ControlFault, ask
from besedka.admin.deeds import ConsoleLine, Said, Told
from besedka.chat.told import Registration
from besedka.config import Config
from besedka.net.tls import SELF_MADE, Certificate, TLSFault
from besedka.net.vouching import is_vouched_for
from besedka.serve.doctor.findings import Finding, Findings, Level, Patient
from besedka.serve.settings import hostnames
from besedka.words import _, plural

DAYS_MIN = 14
"""Certificates are renewed a month before they end; two weeks later something is wrong."""

CONNECT_SECONDS = 2.0

DAY_SECONDS = 86_400


def server(patient: Patient) -> Findings:
    """Whether it answers."""
    about = _("server")
    if patient.server is None:
        yield Finding(Level.NOTE, about, _("none is running on {data}").format(data=patient.data))
        return
    if patient.server.control is None:
        says = _("process {pid} has {data}, and is no server, or only starting").format(
            pid=patient.server.pid, data=patient.data
        )
        yield Finding(Level.NOTE, about, says, _("look again in a moment"))
        return
    said: list[Told] = []
    try:
        ask(Path(patient.server.control), ConsoleLine(line="status"), said.append)
    except ControlFault as fault:
        yield Finding(
            Level.FAILURE, about, str(fault), _("end process {pid}, and see server.log").format(pid=patient.server.pid)
        )
        return
    yield Finding(Level.OK, about, "; ".join(line.text for line in said[:2] if isinstance(line, Said)))


def reachable(patient: Patient) -> Findings:
    """Who can connect."""
    about, listeners = _("address"), patient.listeners
    places = ", ".join(str(listener) for listener in listeners)
    if all(listener.loopback for listener in listeners):
        yield Finding(
            Level.NOTE,
            about,
            _("{places} is for this machine alone").format(places=places),
            _("to let others in: `--host`, or `listen` in the configuration"),
        )
    else:
        yield Finding(Level.OK, about, _("{places} is for other machines too").format(places=places))
        yield from _open_to_all(patient.config)
    for listener in listeners if patient.is_served else ():
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(listener.host, listener.host)
        try:
            with socket.create_connection((host, listener.port), timeout=CONNECT_SECONDS):
                pass
        except OSError as error:
            says = _("{host} port {port} cannot be reached, even from here: {why}").format(
                host=host, port=listener.port, why=error.strerror or error
            )
            yield Finding(
                Level.FAILURE, about, says, _("see the firewall; `resume` on the console, where it is paused")
            )


def _open_to_all(config: Config) -> Findings:
    about = _("address")
    if config.registration_chosen is Registration.OPEN:
        yield Finding(
            Level.WARNING,
            about,
            _("whoever can reach it may register"),
            _('`registration = "invite"`, and codes by `besedka user invite`'),
        )
    if config.allow_plaintext:
        yield Finding(
            Level.WARNING,
            about,
            _("passwords are taken without TLS, and whoever is on the way reads them"),
            _("`allow_plaintext = false`"),
        )
    if any(network.prefixlen == 0 for network in config.trusted_proxies):
        yield Finding(
            Level.WARNING,
            about,
            _("everybody is believed to be a proxy, and may claim any address"),
            _("name the proxy's own address in `trusted_proxies`"),
        )


def certificate(patient: Patient) -> Findings:
    """Whether it can be used, by whom it is believed, and for how long."""
    about, config = _("certificate"), patient.config
    chain = config.certificate or patient.data / "tls" / SELF_MADE
    if config.certificate is None and not chain.exists():
        yield Finding(Level.NOTE, about, _("there is none yet; the first start makes one"))
        return
    try:
        used = Certificate(chain=chain, key=config.key or chain)
    except TLSFault as fault:
        yield Finding(Level.FAILURE, about, str(fault), _("see `[tls]` in the configuration, and `besedka ctl reload`"))
        return
    if config.certificate is None:
        yield Finding(
            Level.OK, about, _("made by the server itself, fingerprint {print}").format(print=used.fingerprint)
        )
        return  # Whoever has learned the key looks at no date.
    yield from _in_time(chain, about, patient.now)
    names = hostnames(config)
    for name in names:
        if is_vouched_for(used.context, name):
            yield Finding(Level.OK, about, _("authorities vouch for it as {name}'s").format(name=name))
        else:
            yield Finding(
                Level.WARNING,
                about,
                _("no authority that this machine knows vouches for it as {name}'s").format(name=name),
                _("give the whole chain, for that name; or have people compare fingerprints"),
            )
    if not names:
        yield Finding(
            Level.NOTE,
            about,
            _("by which name people reach the server is not known here"),
            _("set `name` to it in the configuration"),
        )


def _in_time(chain: Path, about: str, now: int) -> Findings:
    from cryptography import x509  # It takes 0.1 s, and only the doctor looks at dates.

    leaf = x509.load_pem_x509_certificates(chain.read_bytes())[0]
    moment = datetime.fromtimestamp(now / 1000, UTC)
    ends = leaf.not_valid_after_utc
    days = int((ends - moment).total_seconds() // DAY_SECONDS)
    remedy = _("renew it, and `besedka ctl reload`")
    if moment < leaf.not_valid_before_utc:
        yield Finding(Level.FAILURE, about, _("it is not valid yet"), _("wait, or set the clock"))
    elif days < 0:
        yield Finding(Level.FAILURE, about, _("it ended on {day:%Y-%m-%d}").format(day=ends), remedy)
    elif days < DAYS_MIN:
        says = plural("it ends in {count} day", "it ends in {count} days", days)
        yield Finding(Level.WARNING, about, says, remedy)
