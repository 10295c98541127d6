"""The threads that hold the connections to a file, and the way to them from the event loop.

One thread writes. Calls that arrive while it is busy share the next transaction, so that a thousand logins cost a few
fsyncs and not a thousand; each has its own savepoint, so that one that fails leaves the others alone. A few threads
read, each call in one short read transaction: a long one would keep the write-ahead log from being folded into the
file.

Only what is certain is said: a call that failed before COMMIT was rolled back (`StoreFault`); when COMMIT itself
failed, its frames may lie in the log and be found by the next process (`StoreUnsure`).
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

import msgspec

from besedka.hub.faults import StoreFault, StoreUnsure
from besedka.store.faults import FILE_ERRORS, primary_code, sentence
from besedka.words import _

T = TypeVar("T")

GROUP_MAX = 64
"""Calls that share one commit: a few milliseconds of work, so that nobody waits long for the others."""

STOP_SECONDS_MAX = 10.0
"""A slow disk writes a group and folds in a log of some 4 MiB in this time; one that does not work never will."""


class _Job(Generic[T]):
    """A call on its way through a thread."""

    __slots__ = ("_future", "_loop", "between", "error", "result", "work")

    def __init__(self, work: Callable[[sqlite3.Connection], T], *, between: bool) -> None:
        self.work = work
        self.between = between
        """Whether it is done after a transaction and not in it."""
        self.result: T | None = None
        self.error: BaseException | None = None
        self._loop = asyncio.get_running_loop()
        self._future: asyncio.Future[T | None] = self._loop.create_future()

    async def wait_result(self) -> T:
        """What the call came to."""
        return await self._future  # type: ignore[return-value]

    def deliver(self) -> None:
        """From the thread: the outcome is final."""
        try:
            self._loop.call_soon_threadsafe(self._settle)
        except RuntimeError:
            return  # The loop is closed, and whoever asked is gone with it.

    def _settle(self) -> None:
        if self._future.done():  # Whoever asked has given up.
            return
        if self.error is not None:
            self._future.set_exception(self.error)
        else:
            self._future.set_result(self.result)


class _Threads(ABC):
    """Threads with a connection each, taking calls from one queue."""

    def __init__(self, path: Path, connections: Sequence[sqlite3.Connection], *, name: str) -> None:
        self._path = path
        self._jobs: SimpleQueue[_Job[Any] | None] = SimpleQueue()
        self._stopped = False
        self._threads = [
            threading.Thread(target=self._run, args=(connection,), name=f"{path.name} {name} {number}", daemon=True)
            for number, connection in enumerate(connections)
        ]
        for thread in self._threads:
            thread.start()

    async def call(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Have `work` done in a thread, in a transaction. Raises what it raises; SQLite's errors as `StoreFault`."""
        return await self._wait_done(_Job(work, between=False))

    async def _wait_done(self, job: _Job[T]) -> T:
        if self._stopped:
            raise StoreFault(_("{path}: it is closed.").format(path=self._path))
        self._jobs.put(job)
        return await job.wait_result()

    def stop(self) -> None:
        """Do what was asked so far, close the connections, end the threads. Blocks; may be repeated.

        Raises `StoreFault` where the disk does not let go in `STOP_SECONDS_MAX`; what was acknowledged is kept.
        """
        if not self._stopped:
            self._stopped = True
            for _ in self._threads:
                self._jobs.put(None)
        for thread in self._threads:
            thread.join(STOP_SECONDS_MAX)
            if thread.is_alive():
                raise StoreFault(_("{path}: the disk does not answer; see the system's log.").format(path=self._path))

    def _run(self, connection: sqlite3.Connection) -> None:
        try:
            while (job := self._jobs.get()) is not None:
                self._serve(connection, job)
        finally:
            connection.close()

    @abstractmethod
    def _serve(self, connection: sqlite3.Connection, job: _Job[Any]) -> None:
        """Do a job, and deliver it."""

    def _attempt(self, connection: sqlite3.Connection, job: _Job[Any]) -> None:
        """Do the work, keeping its outcome in the job."""
        try:
            job.result = job.work(connection)
        except FILE_ERRORS as error:
            job.error = StoreFault(sentence(self._path, error))
        except msgspec.DecodeError:
            job.error = StoreFault(
                _("{path}: an entry in it cannot be understood; restore a backup.").format(path=self._path)
            )
        except Exception as error:  # The edge of the thread: whoever asked is told.
            job.error = error


class Readers(_Threads):
    """Threads that read."""

    def _serve(self, connection: sqlite3.Connection, job: _Job[Any]) -> None:
        try:
            connection.execute("BEGIN")
            self._attempt(connection, job)
        except sqlite3.Error as error:
            job.error = StoreFault(sentence(self._path, error))
        _undo(connection)  # Nothing was written; this ends the transaction.
        job.deliver()


class Writer(_Threads):
    """The one thread that writes."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        super().__init__(path, [connection], name="writer")

    async def call_between(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Have `work` done after what was asked so far and outside of a transaction. Raises as `call` does."""
        return await self._wait_done(_Job(work, between=True))

    def _serve(self, connection: sqlite3.Connection, job: _Job[Any]) -> None:
        jobs = [job, *self._others()]
        group = [each for each in jobs if not each.between]
        fault = self._transact(connection, group) if group else None
        for each in group:
            if fault is not None:
                each.error = type(fault)(*fault.args)  # One for each: a raised exception belongs to whoever caught it.
            each.deliver()
        for each in jobs:
            if each.between:
                _undo(connection)  # Where the last rollback failed, it is tried again.
                self._attempt(connection, each)
                each.deliver()

    def _others(self) -> list[_Job[Any]]:
        """What has come in meanwhile; the order to stop stays for the loop."""
        others: list[_Job[Any]] = []
        try:
            while len(others) < GROUP_MAX - 1:
                job = self._jobs.get_nowait()
                if job is None:
                    self._jobs.put(None)
                    break
                others.append(job)
        except Empty:
            pass
        return others

    def _transact(self, connection: sqlite3.Connection, group: Sequence[_Job[Any]]) -> StoreFault | None:
        """Do them all and commit; what befell the whole group."""
        _undo(connection)  # Where the last rollback failed, it is tried again.
        try:
            connection.execute("BEGIN IMMEDIATE")
            if len(group) == 1:
                self._attempt(connection, group[0])
                if group[0].error is not None:
                    _undo(connection)
                    return None
            else:
                for job in group:
                    self._attempt_among_others(connection, job)
        except StoreFault as fault:
            return fault
        except sqlite3.Error as error:
            _undo(connection)
            return StoreFault(sentence(self._path, error))
        return self._commit(connection)

    def _attempt_among_others(self, connection: sqlite3.Connection, job: _Job[Any]) -> None:
        """Do one job of a group. Raises its fault where that has ended the whole transaction, as a full disk may."""
        connection.execute("SAVEPOINT one")
        self._attempt(connection, job)
        if job.error is not None:
            if not connection.in_transaction:
                raise StoreFault(*job.error.args)
            connection.execute("ROLLBACK TO one")
        connection.execute("RELEASE one")

    def _commit(self, connection: sqlite3.Connection) -> StoreFault | None:
        try:
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            _undo(connection)
            # A full disk is found out while the frames are being written, the one that commits last of all: without
            # it they mean nothing. Any other failure, of the fsync above all, may leave a whole commit in the log.
            certain = primary_code(error) == sqlite3.SQLITE_FULL
            return (StoreFault if certain else StoreUnsure)(sentence(self._path, error))
        return None


def _undo(connection: sqlite3.Connection) -> None:
    """End a transaction that is open, keeping nothing."""
    try:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    except sqlite3.Error:
        return  # Nothing is committed all the same; the next transaction tries again.
