"""One server from its start to its end: opens every part, ties them together, closes them in order."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import msgspec
import uvloop

from besedka import __version__
from besedka.admin.commands import carry_out
from besedka.admin.console import Console, Screen
from besedka.admin.control import ControlFault, ControlSocket, socket_path
from besedka.admin.deeds import Said
from besedka.admin.journal import ServerLog
from besedka.admin.people import PeopleDesk
from besedka.admin.ports import Reloaded
from besedka.admin.rooms import RoomDesk
from besedka.admin.running import Running
from besedka.admin.trail import AuditTrail
from besedka.config import Config, ConfigFault, load
from besedka.config_keys import Listener
from besedka.hub.exporting import Exporter
from besedka.hub.governing import HubGovernor
from besedka.hub.hub import Hub
from besedka.hub.importing import Importing
from besedka.hub.parts import Parts
from besedka.net.binding import BindFault, port_of, wait_bound
from besedka.net.listener import Listener as NetListener
from besedka.net.tls import SELF_MADE, Certificate, TLSFault, self_made
from besedka.serve import settings
from besedka.serve.collecting import spare_what_stays
from besedka.serve.directory import DataDirectory, DirectoryFault
from besedka.serve.reporting import report_faults
from besedka.serve.returning import note_restore
from besedka.serve.wiring import make_wires
from besedka.serve.world import EventBell, SystemClock, SystemDice, TaskRoster
from besedka.store.faults import CannotOpen
from besedka.store.passwords import Argon2Keys
from besedka.store.stores import Stores, open_stores
from besedka.words import _

CLOSING_SECONDS = 0.1
"""For what comes after the clients' farewell: an answer on the control socket, a hash under way."""


_UNTIL_RESTART = {"listen": "listen", "limits": "limits", "irc_enabled": "irc.enabled", "irc_nicks": "irc.nicks"}
"""What a reload leaves as it was, by field, and as the operator knows it."""


class ServeOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says."""

    data: Path
    config: Path | None = None
    host: str | None = None
    port: int | None = None
    """0 is automatic; None is whatever the configuration says."""
    console: bool = True

    def read_config(self) -> Config:
        """The file, and what the command line says over it. Raises `ConfigFault`."""
        config = Config() if self.config is None else load(self.config)
        return config.listening_on(host=self.host, port=self.port)


class StartFault(Exception):
    """The server cannot start."""

    def __init__(self, sentences: Sequence[str]) -> None:
        super().__init__("; ".join(sentences))
        self.sentences = tuple(sentences)
        """For the operator, one a line."""


def run(options: ServeOptions) -> int:
    """Serve until told to stop; the exit status. Raises `ConfigFault` where that is wrong, otherwise `StartFault`."""
    if not __debug__:
        raise StartFault([_("besedka relies on its own checks and does not run under python -O")])
    os.umask(0o077)  # Whatever is made from here on is this user's alone.
    config = options.read_config()
    try:
        directory = DataDirectory.hold(options.data)
    except DirectoryFault as fault:
        raise StartFault([str(fault)]) from None
    try:
        return _run_in(directory, options, config)
    except (CannotOpen, BindFault, TLSFault, ControlFault, DirectoryFault) as fault:
        raise StartFault([str(fault)]) from None
    finally:
        directory.release()


def _run_in(directory: DataDirectory, options: ServeOptions, config: Config) -> int:
    clock = SystemClock()
    log_path = directory.path / "server.log"
    try:
        log = ServerLog(log_path, clock=clock, limits=config.limits)
    except OSError as error:
        raise DirectoryFault(
            _("{path} cannot be written: {why}; correct its permissions").format(path=log_path, why=error.strerror)
        ) from None
    try:
        stores = open_stores(directory.path, limits=config.limits)
        for copy in stores.copies:
            log.note("database brought up to date", copy=copy.name)
        server = Server(options, config, directory, log, stores, clock)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(server.live())
    except (CannotOpen, BindFault, TLSFault, ControlFault) as fault:
        log.note("not started", why=type(fault).__name__)
        raise
    finally:
        log.close()


class Server:
    """The one place where all parts meet. Fills `admin.ports.Premises` for the operator's commands."""

    def __init__(
        self,
        options: ServeOptions,
        config: Config,
        directory: DataDirectory,
        log: ServerLog,
        stores: Stores,
        clock: SystemClock,
    ) -> None:
        self._options = options
        self._config = config
        self._directory = directory
        self._log = log
        self._stores = stores
        self._clock = clock
        self._screen = Screen()
        self._status = 0
        self.listening: Sequence[str] = ()
        """Each `HOST:PORT` in use."""

    async def live(self) -> int:
        """From opening to closing; the exit status. Raises what `run` makes a `StartFault` of."""
        self._over = asyncio.Event()
        self._keys = Argon2Keys(limits=self._config.limits, scram=lambda: self._config.scram)
        self._roster = TaskRoster(self._log)
        self._hub = self._make_hub()
        report_faults(asyncio.get_running_loop(), log=self._log, screen=self._screen)
        try:
            await self._open()
        except BaseException:
            await self._close_stores()
            raise
        await self._over.wait()
        await self._close()
        return self._status

    # The operator's commands -----------------------------------------------------------------------------------------

    @property
    def paused(self) -> bool:
        """Whether nobody is accepted."""
        return self._net.paused

    def sizes(self) -> Mapping[str, int]:
        """Bytes of each database."""
        return self._directory.sizes()

    def pause(self) -> None:
        """Accept nobody until `go_on`."""
        self._net.pause()
        self._log.note("paused")

    def go_on(self) -> None:
        """Accept from now on."""
        self._net.go_on()
        self._log.note("resumed")

    def shut_down(self) -> None:
        """Begin to stop."""
        self._over.set()

    async def reload(self) -> Reloaded:
        """Read the configuration and the certificate again; all of it is taken, or nothing."""
        try:
            config = self._options.read_config()
            certificate = self._read_certificate(config)
        except ConfigFault as fault:
            return self._not_reloaded(fault.faults)
        except TLSFault as fault:
            return self._not_reloaded((str(fault),))
        lines = [
            _("The configuration and the certificate ({fingerprint}) are read.").format(
                fingerprint=certificate.fingerprint
            )
        ]
        restart = {
            field: name
            for field, name in _UNTIL_RESTART.items()
            if getattr(config, field) != getattr(self._config, field)
        }
        lines += [_("What has changed in `{name}` takes a restart.").format(name=name) for name in restart.values()]
        kept = {field: getattr(self._config, field) for field in restart}
        self._config = msgspec.structs.replace(config, **kept)
        self._hub.settle(settings.for_hub(self._config, certificate))
        self._net.reload(settings=settings.for_net(self._config), tls=certificate.context)
        self._log.note("reloaded", fingerprint=certificate.fingerprint)
        return Reloaded(good=True, lines=tuple(lines))

    def _not_reloaded(self, faults: Sequence[str]) -> Reloaded:
        self._log.note("not reloaded", faults=len(faults))
        return Reloaded(good=False, lines=(*faults, _("Nothing is changed.")))

    # Opening ---------------------------------------------------------------------------------------------------------

    def _make_hub(self) -> Hub:
        hub = Hub(
            Parts(
                logs=self._stores.logs,
                accounts=self._stores.accounts,
                keys=self._keys,
                clock=self._clock,
                bell=EventBell(),
                tasks=self._roster,
                dice=SystemDice(),
                journal=self._log,
                limits=self._config.limits,
                settings=settings.for_hub(self._config, None),
            )
        )
        hub.reload = self._reload_for_administrator
        return hub

    def _read_certificate(self, config: Config) -> Certificate:
        if config.certificate is not None and config.key is not None:
            return Certificate(chain=config.certificate, key=config.key)
        return self_made(self._directory.path / "tls", hostnames=settings.hostnames(config))

    async def _open(self) -> None:
        is_first_start = self._config.certificate is None and not (self._directory.path / "tls" / SELF_MADE).exists()
        certificate = self._read_certificate(self._config)
        self._hub.parts.settings = settings.for_hub(self._config, certificate)
        bound = await self._bind()
        self._net = NetListener(
            [one for sockets in bound for one in sockets],
            reception=self._hub,
            wires=make_wires(self._hub, self._config, lambda: self._config.limits),
            journal=self._log,
            limits=self._config.limits,
            settings=settings.for_net(self._config),
            tls=certificate.context,
        )
        running = self._make_running()
        obey = partial(carry_out, running)
        control_path = socket_path(self._directory.path)
        self._control = ControlSocket(control_path, carry_out=obey, journal=self._log)
        await self._control.open()
        self._directory.announce(port=port_of(bound[0]), control=control_path, addresses=self.listening)
        self._turning = asyncio.create_task(self._hub.run(), name="hub")
        self._turning.add_done_callback(self._hub_ended)
        self._roster.spawn(running.desk.finish_steps(), "finish steps")
        self._obey_signals()
        spare_what_stays()
        self._net.go_on()
        await self._stores.logs.index.begin(self._log)
        self._log.note("started", version=__version__, address=" ".join(self.listening), pid=os.getpid())
        await note_restore(self._directory.path, self._log, running.trail)
        self._greet(certificate.fingerprint if is_first_start else None)
        if self._options.console and sys.stdin is not None:
            Console(carry_out=obey, screen=self._screen, loop=asyncio.get_running_loop()).start()

    async def _bind(self) -> list[list[socket.socket]]:
        """The sockets of each listener. Raises `BindFault`."""
        bound: list[list[socket.socket]] = []
        preferred = self._directory.last_port
        try:
            for listener in self._config.listen:
                sockets = await wait_bound(listener.host, listener.port or None, preferred=preferred)
                bound.append(sockets)
                preferred = None
        except BindFault:
            for sockets in bound:
                for one in sockets:
                    one.close()
            raise
        self.listening = [
            str(Listener(listener.host, port_of(sockets)))
            for listener, sockets in zip(self._config.listen, bound, strict=True)
        ]
        return bound

    def _make_running(self) -> Running:
        governor = HubGovernor(self._hub)
        accounts, logs = self._stores.accounts, self._stores.logs
        trail = AuditTrail(logs, self._clock)
        desk = PeopleDesk(
            people=accounts,
            hashing=self._keys,
            steps=logs,
            trail=trail,
            clock=self._clock,
            dice=SystemDice(),
            journal=self._log,
            limits=self._config.limits,
            server_name=lambda: self._config.name,
            exporter=Exporter(logs=logs, accounts=accounts, clock=self._clock),
            governor=governor,
        )
        return Running(
            governor=governor,
            premises=self,
            people=accounts,
            rooms=logs,
            trail=trail,
            desk=desk,
            room_desk=RoomDesk(
                logs=logs, people=accounts, trail=trail, limits=self._config.limits, importer=Importing(self._hub)
            ),
            log=self._log,
            clock=self._clock,
            version=__version__,
            started=self._clock.now(),
        )

    def _greet(self, fingerprint: str | None) -> None:
        """Say where the server listens, one line for each; a program that started it waits for these."""
        with contextlib.suppress(OSError):
            for address in self.listening:
                print(f"listening on {address}", flush=True)
            if fingerprint is not None:
                print(
                    _("certificate made for this server, fingerprint {fingerprint}").format(fingerprint=fingerprint),
                    flush=True,
                )

    def _obey_signals(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self.shut_down)
        loop.add_signal_handler(signal.SIGINT, self.shut_down)
        loop.add_signal_handler(signal.SIGHUP, lambda: self._roster.spawn(self._reload_on_signal(), "reload"))

    async def _reload_on_signal(self) -> None:
        reloaded = await self.reload()
        for line in reloaded.lines:
            self._screen.show(Said(line, fault=not reloaded.good))

    async def _reload_for_administrator(self) -> bool:
        return (await self.reload()).good

    # Closing ---------------------------------------------------------------------------------------------------------

    def _hub_ended(self, turning: asyncio.Task[None]) -> None:
        if turning.cancelled() or not self._hub.stopping:
            self._status = 1
        if not turning.cancelled() and (error := turning.exception()) is not None:
            self._status = 1
            self._log.fault("hub failed", error)
        self._over.set()

    async def _close(self) -> None:
        """Accept nobody, keep what has arrived, tell everybody, close; within `shutdown_seconds_max`, and a little."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._config.limits.shutdown_seconds_max
        self._log.note("stopping")
        self._net.stop_accepting()
        self._hub.stop()
        _done, late = await asyncio.wait([self._turning], timeout=deadline - loop.time())
        if late:
            self._turning.cancel()
        await self._net.wait_gone(seconds=max(0.0, deadline - loop.time()))
        await self._control.close(seconds=CLOSING_SECONDS)
        await self._close_stores()
        self._log.note("stopped", status=self._status)
        self._screen.wait_shown(CLOSING_SECONDS)

    async def _close_stores(self) -> None:
        await self._roster.end_all()
        await self._keys.close()
        await self._stores.close()
