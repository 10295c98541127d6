"""The tables of both files, described for SQLAlchemy.

Imported only where a file is made or migrated: reading it costs a start 0.2 s that the statements, which are plain
SQL, do not need. `migrations/` holds the same tables as they have grown; a test proves both alike.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, MetaData, Table, Text, text

messages = MetaData()
"""`messages.db`: rooms and all that was said."""

Table(
    "meta",
    messages,
    Column("epoch", Text, nullable=False),
    Column("boot", Integer, nullable=False),
)  # One row.

_rooms = Table(
    "rooms",
    messages,
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("folded", Text),  # None where no name is borne (any longer).
    Column("owner", Integer),
    Column("low", Integer),
    Column("high", Integer),
    Column("topic", Text, nullable=False),
    Column("head", Integer, nullable=False),
    Column("floor", Integer, nullable=False),
    Column("time", Integer, nullable=False),
    Column("messages", Integer, nullable=False),
    Column("members", Integer, nullable=False),
    Column("archived", Integer, nullable=False),
)
Index("rooms_named", _rooms.c.folded, unique=True, sqlite_where=text("folded IS NOT NULL"))
Index("rooms_public", _rooms.c.folded, sqlite_where=text("kind = 'public' AND folded IS NOT NULL"))
Index("rooms_direct", _rooms.c.low, _rooms.c.high, unique=True, sqlite_where=text("low IS NOT NULL"))
Index("rooms_inbox", _rooms.c.owner, unique=True, sqlite_where=text("kind = 'inbox'"))
Index("rooms_passing", _rooms.c.id, sqlite_where=text("kind = 'public' AND owner IS NULL AND archived = 0"))

_stays = Table(
    "stays",
    messages,
    Column("room", Integer, primary_key=True),
    Column("principal", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("first", Integer, nullable=False),
    Column("left", Integer),  # None while it lasts.
    sqlite_with_rowid=False,
)
Index("stays_of", _stays.c.principal, _stays.c.room)

Table(
    "entries",
    messages,
    Column("room", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("time", Integer, nullable=False),
    Column("author", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("body", Text, nullable=False),  # JSON, as `chat.entries` writes it.
    sqlite_with_rowid=False,
)

Table(
    "requests",
    messages,
    Column("author", Integer, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("room", Integer, primary_key=True),
    Column("number", Integer, nullable=False),
    sqlite_with_rowid=False,
)

Table(
    "steps",
    messages,
    Column("id", Integer, primary_key=True),
    Column("what", Text, nullable=False),
    sqlite_autoincrement=True,
)

accounts = MetaData()
"""`accounts.db`: people, and nothing they said."""

_accounts = Table(
    "accounts",
    accounts,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("folded", Text),  # None once removed.
    Column("role", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("first_seen", Integer, nullable=False),
    Column("first_address", Text, nullable=False),
    Column("last_seen", Integer, nullable=False),
    Column("last_address", Text, nullable=False),
    Column("muted", Integer, nullable=False),
    sqlite_autoincrement=True,  # An id is never given twice, whatever was removed.
)
Index("accounts_named", _accounts.c.folded, unique=True, sqlite_where=text("folded IS NOT NULL"))

_tokens = Table(
    "tokens",
    accounts,
    Column("digest", LargeBinary, primary_key=True),
    Column("account", Integer, nullable=False),
    Column("address", Text, nullable=False),
    Column("used", Integer, nullable=False),
    Column("expires", Integer, nullable=False),
)
Index("tokens_of", _tokens.c.account, _tokens.c.used)

Table(
    "invitations",
    accounts,
    Column("digest", LargeBinary, primary_key=True),
    Column("uses_left", Integer, nullable=False),
    Column("expires", Integer, nullable=False),
)

_known = Table(
    "known",
    accounts,
    Column("account", Integer, primary_key=True),
    Column("address", Text, primary_key=True),
    Column("time", Integer, nullable=False),
    sqlite_with_rowid=False,
)
Index("known_by_time", _known.c.time)

_bans = Table(
    "bans",
    accounts,
    Column("id", Integer, primary_key=True),
    Column("account", Integer),
    Column("network", Text),
    Column("since", Integer, nullable=False),
    Column("until", Integer),  # None is for ever.
)
Index("bans_of", _bans.c.account, unique=True, sqlite_where=text("account IS NOT NULL"))
Index("bans_from", _bans.c.network, unique=True, sqlite_where=text("network IS NOT NULL"))
