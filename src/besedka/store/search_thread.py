"""The thread that indexes: when it works, and when it lets others go first.

Indexing a message takes some 30 µs, half of which nothing else in this process can run. So while the others in it are
busy the thread rests many times as long as it has worked, and catches up afterwards; a search reads meanwhile what is
not indexed yet. How busy they are is seen by the CPU they use, for a message costs them a hundred times as much where
a thousand people read it; and by how much is written, for on a machine that has too much to do they get little of it.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from besedka.chat.principals import PrincipalId
from besedka.hub.faults import StoreFault
from besedka.hub.ports import Journal
from besedka.store.faults import primary_code
from besedka.store.log_pages import LogPages
from besedka.store.search_file import INDEX_ERRORS, remove
from besedka.store.search_index import NotOfThisLog, SearchIndex
from besedka.store.search_news import SearchNews

GATHER_SECONDS = 0.2
"""How long messages are gathered for one commit where few come."""

BUSY_SHARE = 0.25
"""Of one core, that the process's other threads use; from here on the index waits."""

BUSY_PER_SECOND = 500
"""Entries that are kept; from here on it waits too. A thousand people who talk write less."""

BUSY_REST = 39
"""How many times as long as it has worked the thread rests then: a fortieth of a core still indexes some 800 a second,
which is more than a thousand people who talk write."""

ASKED_REST = 9
"""The same while words are to leave the files: somebody regrets them."""

REST_SECONDS_MAX = 2.0
"""A rest is no longer than this, so that the end of the rush is soon noticed."""

RETRY_SECONDS = 30.0
"""Where the disk is full or does not work; searches go on with what there is."""

STOP_SECONDS_MAX = 10.0
"""One commit takes a fraction of it."""

_NOT_ITS_FAULT = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_NOMEM,
    }
)
"""What making the file anew would not mend."""


class _Stopped(Exception):
    """In the middle of something, which is not committed."""


class Others:
    """How busy the rest of this process is. To be used by one thread, whose own work is left out."""

    def __init__(self, news: SearchNews) -> None:
        self._news = news
        self._busy = False
        self.begin()

    def begin(self) -> None:
        """Measure from now on: what was before is no longer so."""
        self._since, self._used = time.monotonic(), _seconds_of_others()
        self._news.taken_entries()

    def busy(self) -> bool:
        """Whether they were, as of the last whole `GATHER_SECONDS` that were measured."""
        passed = time.monotonic() - self._since
        if passed >= GATHER_SECONDS:
            used, entries = _seconds_of_others() - self._used, self._news.taken_entries()
            self._busy = used > BUSY_SHARE * passed or entries > BUSY_PER_SECOND * passed
            self.begin()
        return self._busy


def _seconds_of_others() -> float:
    """CPU that this process has used without the thread that asks."""
    return time.process_time() - time.thread_time()


class SearchThread:
    """Makes, fills and looks after `search.db`."""

    def __init__(
        self,
        path: Path,
        epoch: str,
        *,
        log: Callable[[], LogPages],
        news: SearchNews,
        journal: Journal,
        let_go: Callable[[], None],
    ) -> None:
        self._path = path
        self._epoch = epoch
        self._open_log = log
        self._news = news
        self._journal = journal
        self._let_go = let_go
        """Has those who search close the file; they open it again when `ready`."""
        self.ready = threading.Event()
        """Set while there is an index of this log, complete but for what `news` says and what is listed."""
        self._damaged = False
        self._made_at = float("-inf")
        """When it was made anew for being damaged; what is damaged again at once is not made again at once."""
        self._stopping = threading.Event()
        self._asks: list[Future[bool]] = []
        self._burials: dict[PrincipalId, Future[bool]] = {}
        self._asks_lock = threading.Lock()
        """Of both."""
        self._others = Others(news)
        self._rested_at = 0.0
        """When it rested the last time. What it waited for the processor since counts as work: all have too little."""
        self._failing = False
        self._thread = threading.Thread(target=self._run, name=f"{path.name} indexer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, leaving the rest for the next start. Blocks; may be repeated."""
        self._stopping.set()
        self._news.wake.set()
        self._thread.join(STOP_SECONDS_MAX)

    def suspect(self) -> None:
        """Somebody who searched found the file damaged: it is made anew."""
        self._damaged = True
        self._news.wake.set()

    def ask_scrubbed(self) -> Future[bool]:
        """True as soon as everything that was kept so far is indexed, and what was taken back is in no file."""
        ask: Future[bool] = Future()
        with self._asks_lock:
            self._asks.append(ask)
        self._news.wake.set()
        return ask

    def ask_buried(self, author: PrincipalId) -> Future[bool]:
        """True as soon as nothing is found by a name that somebody bore who is called by their tombstone's now."""
        with self._asks_lock:
            ask = self._burials.setdefault(author, Future())
        self._news.wake.set()
        return ask

    def _run(self) -> None:
        log: LogPages | None = None
        self._others.begin()
        try:
            while not self._stopping.is_set():
                try:
                    log = log or self._open_log()
                    self._serve(log)
                except (StoreFault, OSError, *INDEX_ERRORS) as error:
                    self._failed(error)
        except _Stopped:
            pass
        finally:
            if log is not None:
                log.close()
            self._settle_asks(done=False)

    def _failed(self, error: Exception) -> None:
        """Make the file anew where that helps, and else try again later."""
        if isinstance(error, INDEX_ERRORS) and primary_code(error) not in _NOT_ITS_FAULT:
            self._damaged = True
            if time.monotonic() - self._made_at > RETRY_SECONDS:
                self._journal.fault("search index damaged", error)
                return
        if not self._failing:
            self._journal.fault("search index failed", error)
        self._failing = True
        self._settle_asks(done=False)
        self._stopping.wait(RETRY_SECONDS)

    def _serve(self, log: LogPages) -> None:
        """Work until the end, or until it fails."""
        if self._damaged:
            self.ready.clear()
            self._let_go()
            remove(self._path)
            self._made_at = time.monotonic()
        index = SearchIndex(self._path, self._epoch, log=log, news=self._news, rest=self._rest)
        try:
            if index.made_anew:
                self._journal.note("search index made", why="it is damaged" if self._damaged else index.made_anew)
            self._damaged = False
            self.ready.set()
            while not self._stopping.is_set() and not self._damaged:
                self._work(index)
                self._failing = False
        except NotOfThisLog:
            self._damaged = True
        finally:
            index.close()

    def _work(self, index: SearchIndex) -> None:
        """Do what there is to do, and then wait for more."""
        asked = bool(self._asks)
        if asked:
            index.compare()
        filling = index.listed_newest
        self._rested_at = time.monotonic()
        while self._bury(index) or index.step(scrubbing=asked):
            self._rest()
            if self._damaged:
                return
        if filling:
            self._journal.note("search index complete")
        if asked:
            if index.scrub():
                self._settle_asks(done=True)
            else:
                self._stopping.wait(GATHER_SECONDS)
        if not self._asks:
            self._news.wake.wait()
            self._news.wake.clear()
            self._others.begin()
            self._stopping.wait(GATHER_SECONDS if self._news else 0)

    def _bury(self, index: SearchIndex) -> bool:
        """Do some of what was asked of `ask_buried`; whether there was any."""
        with self._asks_lock:
            author = next(iter(self._burials), None)
        if author is not None and not index.bury(author):
            with self._asks_lock:
                self._burials.pop(author).set_result(True)
        return author is not None

    def _settle_asks(self, *, done: bool) -> None:
        with self._asks_lock:
            asks, self._asks = self._asks, []
            if not done:
                asks += self._burials.values()
                self._burials.clear()
        for ask in asks:
            ask.set_result(done)

    def _rest(self) -> None:
        """Between two pieces of work: let whoever is busy go first."""
        if self._others.busy():
            worked = time.monotonic() - self._rested_at
            self._stopping.wait(min(worked * (ASKED_REST if self._asks else BUSY_REST), REST_SECONDS_MAX))
        if self._stopping.is_set():
            raise _Stopped
        self._rested_at = time.monotonic()
