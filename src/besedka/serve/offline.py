"""An operator's deeds where no server runs: the directory is held for as long as one takes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

from besedka.admin.deeds import Answer, AnyDeed, ConsoleLine, Ended, RoomDeed, Told
from besedka.admin.journal import ServerLog
from besedka.admin.noting import NoteBackup
from besedka.admin.people import PeopleDesk
from besedka.admin.rooms import RoomDesk
from besedka.admin.trail import AuditTrail
from besedka.config import Config
from besedka.hub.exporting import Exporter
from besedka.hub.faults import StoreFault
from besedka.serve.directory import DataDirectory, DirectoryFault
from besedka.serve.world import SystemClock, SystemDice
from besedka.store.passwords import Argon2Keys
from besedka.store.stores import open_stores
from besedka.words import _


def carry_out(data: Path, deed: AnyDeed, tell: Callable[[Told], None]) -> Ended:
    """Do it on the files themselves; blocks. Raises `DirectoryFault`, or `StoreFault` (`CannotOpen` among them)."""
    assert not isinstance(deed, ConsoleLine | NoteBackup), "these are for a running server"
    os.umask(0o077)
    directory = DataDirectory.hold(data)
    try:
        return asyncio.run(_carry_out(directory, deed, tell))
    finally:
        directory.release()


async def _carry_out(directory: DataDirectory, deed: AnyDeed, tell: Callable[[Told], None]) -> Ended:
    assert not isinstance(deed, ConsoleLine | NoteBackup)
    limits = Config().limits
    clock = SystemClock()
    try:
        log = ServerLog(directory.path / "server.log", clock=clock, limits=limits)
    except OSError as error:
        raise DirectoryFault(
            _("{path} cannot be written: {why}").format(path=directory.path / "server.log", why=error.strerror)
        ) from None
    keys = Argon2Keys(limits=limits)
    try:
        stores = open_stores(directory.path, limits=limits)
        for copy in stores.copies:
            log.note("database brought up to date", copy=copy.name)
        try:
            trail, answer = AuditTrail(stores.logs, clock), Answer(tell, tell)
            if isinstance(deed, RoomDeed):
                rooms = RoomDesk(logs=stores.logs, people=stores.accounts, trail=trail, limits=limits, importer=None)
                return await rooms.carry_out(deed, answer)
            desk = PeopleDesk(
                people=stores.accounts,
                hashing=keys,
                steps=stores.logs,
                trail=trail,
                clock=clock,
                dice=SystemDice(),
                journal=log,
                limits=limits,
                server_name=lambda: Config().name,
                exporter=Exporter(logs=stores.logs, accounts=stores.accounts, clock=clock),
                governor=None,
            )
            return await desk.carry_out(deed, answer)
        except StoreFault as error:
            log.fault("store fault", error)
            raise
        finally:
            await stores.close()
    finally:
        await keys.close()
        log.close()
