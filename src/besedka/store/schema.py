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
    Column("host_key", LargeBinary, server_default=text("''"), nullable=False),
    Column("mended", Integer, server_default=text("0"), nullable=False),  # 1: old words may lie in the files yet.
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
    Column("hidden", Integer, server_default=text("0"), nullable=False),
    Column("governance", Text, server_default="", nullable=False),  # JSON (`states`); empty: the preset of its kind.
    Column("data", Text, server_default="", nullable=False),  # JSON; empty: none.
    Column("personal", Text, server_default="", nullable=False),  # JSON, of an inbox; empty: nothing. Markers apart.
    Column("due", Integer),  # When the first listed mask's time is over.
    Column("pruned", Integer, server_default=text("0"), nullable=False),  # Messages before the floor.
)
Index("rooms_named", _rooms.c.folded, unique=True, sqlite_where=text("folded IS NOT NULL"))
Index("rooms_public", _rooms.c.folded, sqlite_where=text("hidden = 0 AND folded IS NOT NULL"))
Index("rooms_due", _rooms.c.due, sqlite_where=text("due IS NOT NULL"))
Index("rooms_direct", _rooms.c.low, _rooms.c.high, unique=True, sqlite_where=text("low IS NOT NULL"))
Index("rooms_inbox", _rooms.c.owner, unique=True, sqlite_where=text("kind = 'inbox'"))
_passing = text("kind IN ('public', 'private') AND owner IS NULL AND archived = 0")
Index("rooms_passing", _rooms.c.id, sqlite_where=_passing)

_former = Table(
    "former_names",
    messages,
    Column("folded", Text, primary_key=True),  # Never one that a room bears: `appending` sees to it.
    Column("room", Integer, nullable=False),
    sqlite_with_rowid=False,
)
Index("former_names_of", _former.c.room)

_stays = Table(
    "stays",
    messages,
    Column("room", Integer, primary_key=True),
    Column("principal", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("first", Integer, nullable=False),
    Column("left", Integer),  # None while it lasts.
    Column("voice", Integer, server_default=text("0"), nullable=False),
    Column("spoke", Integer, server_default=text("0"), nullable=False),
    Column("said", Integer, server_default=text("0"), nullable=False),  # Messages of the room by its entry `first`.
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
    Column("said", Integer, server_default=text("0"), nullable=False),  # Messages of the room up to and including this.
    sqlite_with_rowid=False,
)

Table(
    "reactions",
    messages,
    Column("room", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),  # Of the message.
    Column("reaction", Text, primary_key=True),
    Column("principal", Integer, primary_key=True),
    Column("at", Integer, nullable=False),  # The number of the entry that put it.
    sqlite_with_rowid=False,
)

Table(
    "mentions",
    messages,
    Column("account", Integer, primary_key=True),  # 0: everybody in the room.
    Column("room", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    sqlite_with_rowid=False,
)

Table(
    "markers",
    messages,
    Column("account", Integer, primary_key=True),
    Column("target", Text, primary_key=True),  # A room's id in digits, or a folded name.
    Column("number", Integer, nullable=False),
    Column("time", Integer, nullable=False),
    Column("said", Integer, nullable=False),
    sqlite_with_rowid=False,
)

Table(
    "audit",
    messages,
    Column("id", Integer, primary_key=True),
    Column("time", Integer, nullable=False),
    Column("by", Text, nullable=False),
    Column("room", Text, nullable=False),  # Its name at the time; empty for what concerns the whole server.
    Column("act", Text, nullable=False),
    Column("whom", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("until", Integer),
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
    Column("client", Text, server_default="", nullable=False),
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

Table(
    "kept_names",
    accounts,
    Column("folded", Text, primary_key=True),  # Of somebody removed: nobody bears it before its time is over.
    Column("until", Integer, nullable=False),
    sqlite_with_rowid=False,
)

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
