"""The machine: room on the disk, the clock, what the system lets a process have, SQLite."""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from besedka.admin.table import moment
from besedka.net.binding import BACKLOG
from besedka.serve.doctor.findings import Finding, Findings, Level, Patient
from besedka.store.faults import FILE_ERRORS, CannotOpen
from besedka.store.opening import MESSAGES
from besedka.words import _, plural

FREE_BYTES_MIN = 64 << 20
"""Less, and the write-ahead log alone may fill the disk."""

FREE_BYTES_GOOD = 1 << 30

DAYS_GOOD = 30
"""Time to notice, and to do something about it."""

SPARE_DESCRIPTORS = 64
"""Files, listeners and the store's own, beside one for each connection."""

CLOCK_BEHIND_SECONDS = 60
"""An entry is never older than the one before it; past this the clock was wrong then or is now."""

CLOCK_EPOCH = 1_704_067_200_000
"""2024, in milliseconds: before this program was begun."""

WAL_FIXED = (3, 51, 3)
"""Before it, two connections that write can damage a write-ahead log."""

ERASES_SEARCH = (3, 42, 0)
"""From it on FTS5 can overwrite words that left the index."""

_TIME_ERROR = 5
"""What adjtimex(2) returns where nothing keeps the clock right."""

DAYS_TOLD_MAX = 3650
"""Ten years of the growth so far; further nobody plans."""

DAY_MILLISECONDS = 86_400_000


def disk(patient: Patient) -> Findings:
    """How much room there is, and for how long at the growth so far."""
    about = _("disk")
    try:
        free = shutil.disk_usage(patient.data).free
        messages = patient.data / MESSAGES.name
        size = messages.stat().st_size if messages.exists() else 0
        is_read_only = bool(os.statvfs(patient.data).f_flag & os.ST_RDONLY)
    except OSError as error:
        yield Finding(Level.FAILURE, about, str(error.strerror), _("see the system's log"))
        return
    says = _("{free:,} MiB free, the messages take {size:,} MiB").format(free=free >> 20, size=size >> 20)
    days = _days_left(patient, size, free)
    if days is not None and days < DAYS_TOLD_MAX:
        says += plural(
            ", enough for {count} day as it grew so far", ", enough for {count} days as it grew so far", days
        )
    if is_read_only:
        remedy = _("mount it to be written, and see the system's log: that is how a disk that fails often begins")
        yield Finding(Level.FAILURE, about, _("nothing can be written there: it is mounted read-only"), remedy)
    remedy = _("free some space, or move the data directory to a larger disk")
    if free < FREE_BYTES_MIN:
        yield Finding(Level.FAILURE, about, says, remedy)
    elif free < max(FREE_BYTES_GOOD, size) or (days is not None and days < DAYS_GOOD):
        yield Finding(Level.WARNING, about, says, remedy)
    else:
        yield Finding(Level.OK, about, says)


def _days_left(patient: Patient, size: int, free: int) -> int | None:
    """None where the log is younger than a week: a first day says nothing about the next."""
    times = _times(patient)
    if times is None:
        return None
    days = (times[1] - times[0]) / DAY_MILLISECONDS
    return int(free / (size / days)) if days >= 7 else None


def _times(patient: Patient) -> tuple[int, int] | None:
    """Of the oldest entry and of the newest, in milliseconds since 1970 UTC."""
    oldest = "SELECT min((SELECT time FROM entries WHERE room = rooms.id AND number >= floor LIMIT 1)) FROM rooms"
    try:
        with closing(patient.read(patient.data / MESSAGES.name)) as connection:
            (first,) = connection.execute(oldest).fetchone()
            (last,) = connection.execute("SELECT max(time) FROM rooms").fetchone()
    except (CannotOpen, *FILE_ERRORS):
        return None  # Whoever looks at the databases says so.
    return None if first is None or last is None else (first, last)


def clock(patient: Patient) -> Findings:
    """Whether it goes right, as far as the log and the system know."""
    about, remedy = _("clock"), _("set it, and have it kept right (`timedatectl set-ntp true`)")
    times = _times(patient)
    says = _("it is {moment} UTC").format(moment=moment(patient.now))
    if patient.now < CLOCK_EPOCH:
        yield Finding(Level.FAILURE, about, _("{says}, which cannot be").format(says=says), remedy)
    elif times is not None and times[1] > patient.now + CLOCK_BEHIND_SECONDS * 1000:
        last = _("{says}, and the newest entry is of {last}").format(says=says, last=moment(times[1]))
        yield Finding(Level.WARNING, about, last, remedy)
    elif _kept_right() is False:
        yield Finding(Level.NOTE, about, _("{says}; nothing keeps it right").format(says=says), remedy)
    else:
        yield Finding(Level.OK, about, says)


def _kept_right() -> bool | None:
    """Whether the kernel says that its clock is synchronized; None where it cannot be asked."""
    try:
        adjtimex = ctypes.CDLL(None).adjtimex
    except (OSError, AttributeError):
        return None
    state = int(adjtimex(ctypes.create_string_buffer(512)))  # All zero: asked, and nothing set.
    return None if state < 0 else state != _TIME_ERROR


def limits(patient: Patient) -> Findings:
    """What the system lets the server have."""
    about = _("limits of the system")
    needed = patient.config.limits.sessions_max + SPARE_DESCRIPTORS
    allowed, whose = _descriptors(patient)
    says = _(
        "{whose} may have {allowed} open files; {needed} are for the connections that `sessions_max` allows"
    ).format(whose=whose, allowed=_("any number of") if allowed is None else allowed, needed=needed)
    if allowed is not None and allowed < needed:
        yield Finding(
            Level.WARNING,
            about,
            says,
            _("LimitNOFILE={needed} in the service, or `ulimit -n {needed}`").format(needed=needed),
        )
    else:
        yield Finding(Level.OK, about, says)
    queue = _somaxconn()
    if queue is not None and queue < BACKLOG:
        yield Finding(
            Level.NOTE,
            about,
            _("{queue} connections may wait to be accepted, and the server asks for {backlog}").format(
                queue=queue, backlog=BACKLOG
            ),
            _("sysctl net.core.somaxconn={backlog}").format(backlog=BACKLOG),
        )


def _descriptors(patient: Patient) -> tuple[int | None, str]:
    """How many the server may have, else this process."""
    if patient.server is not None and patient.is_served:
        try:
            for line in Path(f"/proc/{patient.server.pid}/limits").read_text().splitlines():
                if line.startswith("Max open files"):
                    allowed = line.split()[3]
                    return (None if allowed == "unlimited" else int(allowed)), _("the running server")
        except (OSError, ValueError, IndexError):
            pass
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return (None if soft == resource.RLIM_INFINITY else soft), _("a program started from here")


def _somaxconn() -> int | None:
    try:
        return int(Path("/proc/sys/net/core/somaxconn").read_text())
    except (OSError, ValueError):
        return None


def sqlite(_patient: Patient) -> Findings:
    """Which one this is."""
    about, version = _("SQLite"), sqlite3.sqlite_version_info
    says = _("version {version}").format(version=sqlite3.sqlite_version)
    if version < WAL_FIXED:
        says += _("; before 3.51.3 two programs that write to one file can damage it, and besedka is only one")
    if version < ERASES_SEARCH:
        yield Finding(
            Level.NOTE,
            about,
            says + _("; before 3.42 a search index cannot overwrite what leaves it"),
            _("write to the databases with no other program; a newer system brings a newer SQLite"),
        )
    else:
        yield Finding(Level.OK, about, says)
