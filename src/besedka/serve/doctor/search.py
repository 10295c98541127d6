"""The search index: whether it is of this log, sound, and how far it has got. Nothing in it is ever lost for good."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing

import msgspec

from besedka.serve.doctor.databases import SECONDS_MAX, STEP_INSTRUCTIONS
from besedka.serve.doctor.findings import Finding, Findings, Level, Patient
from besedka.store.faults import FILE_ERRORS, CannotOpen
from besedka.store.opening import MESSAGES
from besedka.store.search_file import SEARCH
from besedka.words import _, plural


class Log(msgspec.Struct, frozen=True):
    """What the index should be of."""

    epoch: str
    rooms: dict[int, tuple[int, int]]
    """Head and floor of each."""


def index(patient: Patient) -> Findings:
    """Whether searches find what is there."""
    path = patient.data / SEARCH.name
    if not (patient.data / MESSAGES.name).exists():
        return  # `integrity` says so.
    if not path.exists():
        says = _("there is none, so old messages are not found")
        if patient.is_served:
            remedy = _("see server.log, and start the server again: it makes a new one")
            yield Finding(Level.WARNING, path.name, says, remedy)
        else:
            yield Finding(Level.NOTE, path.name, _("there is none; the next start makes it"))
        return
    try:
        with closing(patient.read(path)) as connection:
            yield _looked_at(connection, patient)
    except (CannotOpen, *FILE_ERRORS):
        yield _unfit(_("it is damaged, or cannot be read"))


def _looked_at(connection: sqlite3.Connection, patient: Patient) -> Finding:
    connection.execute("BEGIN")
    why = _foreign(connection)
    places = {} if why else dict(connection.execute("SELECT room, high FROM places"))
    log = _log(patient)  # After them: so it is never behind what has been looked through.
    if log is None:
        return Finding(Level.NOTE, SEARCH.name, _("without a sound log nobody knows of what it is"))
    why = why or _astray(connection, places, log)
    if why and not patient.is_served:
        return Finding(Level.NOTE, SEARCH.name, why, _("the next start makes it anew"))
    flaw = why or _flaw(connection)
    return _unfit(flaw) if flaw else _sound(_behind(connection, places, log), is_served=patient.is_served)


def _log(patient: Patient) -> Log | None:
    """None where it cannot be read, as `integrity` says."""
    try:
        with closing(patient.read(patient.data / MESSAGES.name)) as connection:
            (epoch,) = connection.execute("SELECT epoch FROM meta").fetchone()
            rooms = connection.execute("SELECT id, head, floor FROM rooms")
            return Log(epoch, {room: (head, floor) for room, head, floor in rooms})
    except (CannotOpen, TypeError, *FILE_ERRORS):
        return None


def _flaw(connection: sqlite3.Connection) -> str:
    """What is wrong with a page or a table; empty where nothing is, as far as there was time to look."""
    deadline = time.monotonic() + SECONDS_MAX
    connection.set_progress_handler(lambda: time.monotonic() > deadline, STEP_INSTRUCTIONS)
    try:
        (flaw,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        return ""  # What was not read is thrown away by the first search that finds it damaged.
    finally:
        connection.set_progress_handler(None, 0)
    return "" if flaw == "ok" else str(flaw)


def _sound(behind: int, *, is_served: bool) -> Finding:
    if not behind:
        return Finding(Level.OK, SEARCH.name, _("it is sound, and knows every message"))
    says = plural(
        "it is sound, and {count} entry is to be looked through yet",
        "it is sound, and {count} entries are to be looked through yet",
        behind,
    )
    remedy = _("nothing: the server does it in idle moments") if is_served else _("start the server: it does that")
    return Finding(Level.NOTE, SEARCH.name, says, remedy)


def _foreign(connection: sqlite3.Connection) -> str:
    """Why its tables are not to be read; empty where they are."""
    (whose,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if whose != SEARCH.application_id:
        return _("it is not one of besedka's")
    if version != SEARCH.version:
        return _("its tables are version {version}, and this besedka makes {known}").format(
            version=version, known=SEARCH.version
        )
    return ""


def _astray(connection: sqlite3.Connection, places: dict[int, int], log: Log) -> str:
    """Why it is of no use for this log, though it may be sound; empty where it is."""
    row = connection.execute("SELECT epoch FROM meta").fetchone()
    if row is None or row[0] != log.epoch:
        return _("it is of another log")
    ahead = any(room not in log.rooms or high > log.rooms[room][0] for room, high in places.items())
    return _("it is ahead of the log") if ahead else ""


def _behind(connection: sqlite3.Connection, places: dict[int, int], log: Log) -> int:
    """Entries that are kept and are not looked through yet, and messages that are only listed."""
    (listed,) = connection.execute("SELECT count(*) FROM listed").fetchone()
    ahead = (head - max(places.get(room, 0), floor - 1) for room, (head, floor) in log.rooms.items())
    return int(listed) + sum(max(0, entries) for entries in ahead)


def _unfit(why: str) -> Finding:
    remedy = _("stop the server, delete {name} and what begins with that name, start it: it is made anew").format(
        name=SEARCH.name
    )
    return Finding(Level.WARNING, SEARCH.name, why, remedy)
