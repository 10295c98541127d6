"""Search, as the store offers it: a file, a thread that indexes and a thread that looks up."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from contextlib import suppress
from functools import partial
from pathlib import Path

from besedka.chat.principals import PrincipalId
from besedka.hub.faults import StoreFault
from besedka.hub.keeping import Found
from besedka.hub.ports import Journal
from besedka.store.log_pages import LogPages
from besedka.store.opening import MESSAGES, reader
from besedka.store.search_file import INDEX_ERRORS, SEARCH
from besedka.store.search_lookup import look_up, read_through, searcher
from besedka.store.search_news import SearchNews
from besedka.store.search_thread import SearchThread
from besedka.store.sifting import Ask
from besedka.store.threads import Readers
from besedka.words import _

SCRUB_SECONDS_MAX = 5.0
"""How long whoever asks for words to be gone waits; what takes longer goes on, and is asked for again."""


class Search:
    """`search.db`, beside the log it follows from. Without `begin` there is no index, and every entry is read."""

    def __init__(self, directory: Path, epoch: str) -> None:
        self._path = directory / SEARCH.name
        self._log_path = directory / MESSAGES.name
        self._epoch = epoch
        self.news = SearchNews()
        """To be told of what is kept."""
        self._lock = threading.Lock()
        """Held by a search, and by whoever throws the file away."""
        self._connection: sqlite3.Connection | None = None
        self._indexer: SearchThread | None = None
        self._searchers = Readers(self._log_path, [reader(self._log_path)], name="searcher")

    async def begin(self, journal: Journal) -> None:
        """Index what there is and what comes, from now on. The journal is written on this loop only."""
        assert self._indexer is None, "it is indexed already"
        self._indexer = SearchThread(
            self._path,
            self._epoch,
            log=lambda: LogPages(reader(self._log_path), self._log_path),
            news=self.news,
            journal=_OnLoop(journal),
            let_go=self._let_go,
        )

    def stop(self) -> None:
        """Finish the searches that were asked for and close the file. Blocks; may be repeated."""
        self._searchers.stop()
        if self._indexer is not None:
            self._indexer.stop()
        self._let_go()

    async def find(self, ask: Ask) -> Found:
        """A page of what is looked for."""
        return await self._searchers.call(lambda connection: self._found(LogPages(connection, self._log_path), ask))

    async def scrub(self) -> bool:
        """See that all is indexed, and that words which were taken back are not in the file; False: not yet."""
        if self._indexer is None:
            return True
        asked = asyncio.wrap_future(self._indexer.ask_scrubbed())
        done, _ = await asyncio.wait([asked], timeout=SCRUB_SECONDS_MAX)
        return bool(done) and asked.result()

    async def bury(self, author: PrincipalId) -> None:
        """See that nothing of somebody's is found by another name than their tombstone's. Raises `StoreFault`.

        The names are in the file until `scrub`. To be repeated after a crash, like all of a removal.
        """
        if self._indexer is None:
            return
        asked = asyncio.wrap_future(self._indexer.ask_buried(author))
        await asyncio.wait([asked])  # Whoever gives up leaves the thread's future as it is.
        if not asked.result():
            raise StoreFault(_("{path}: what somebody said could not be indexed anew.").format(path=self._path))

    def _found(self, log: LogPages, ask: Ask) -> Found:
        with self._lock:
            if self._indexer is not None and self._indexer.ready.is_set():
                try:
                    if self._connection is None:
                        self._connection = searcher(self._path)
                    return look_up(self._connection, log, self.news, ask)
                except INDEX_ERRORS:  # Those of the index: what befalls the log is a `StoreFault`.
                    self._close()
                    self._indexer.suspect()
        return read_through(log, ask)

    def _let_go(self) -> None:
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class _OnLoop:
    """A journal that other threads may write: its lines go by way of the event loop."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._loop = asyncio.get_running_loop()

    def note(self, event: str, **fields: str | int | float) -> None:
        """One line about something that happened."""
        with suppress(RuntimeError):  # The loop is closed, and whoever reads the journal gone with it.
            self._loop.call_soon_threadsafe(partial(self._journal.note, event, **fields))

    def fault(self, event: str, error: BaseException) -> None:
        """One line and the frames of an internal error, without values."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._journal.fault, event, error)
