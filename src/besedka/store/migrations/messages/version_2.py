"""Governed rooms: settings, former names, reactions, mentions, read markers and the audit trail.

The rooms that are there are governed as the preset of their kind says, which is what empty columns mean. What has to be
found out about them is how many messages each had by each of its entries.
"""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

revision = "2"
down_revision = "1"


def upgrade() -> None:
    """Add what is new, and count the messages."""
    _meta()
    _rooms()
    _former_names()
    op.add_column("stays", sa.Column("voice", sa.Integer, server_default=sa.text("0"), nullable=False))
    op.add_column("stays", sa.Column("spoke", sa.Integer, server_default=sa.text("0"), nullable=False))
    op.add_column("stays", sa.Column("said", sa.Integer, server_default=sa.text("0"), nullable=False))
    op.add_column("entries", sa.Column("said", sa.Integer, server_default=sa.text("0"), nullable=False))
    op.execute(
        'UPDATE entries SET said = counted.said FROM (SELECT room, number, sum(body GLOB \'{"kind":"message"*\')'
        " OVER (PARTITION BY room ORDER BY number ROWS UNBOUNDED PRECEDING) AS said FROM entries) AS counted"
        " WHERE entries.room = counted.room AND entries.number = counted.number"
    )
    op.execute(
        "UPDATE stays SET said = entries.said FROM entries"
        " WHERE entries.room = stays.room AND entries.number = stays.first"
    )
    _messages()
    _audit()


def _meta() -> None:
    op.add_column("meta", sa.Column("host_key", sa.LargeBinary, server_default=sa.text("''"), nullable=False))
    op.add_column("meta", sa.Column("mended", sa.Integer, server_default=sa.text("0"), nullable=False))
    op.execute(sa.text("UPDATE meta SET host_key = :key").bindparams(key=secrets.token_bytes(32)))


def _rooms() -> None:
    op.add_column("rooms", sa.Column("hidden", sa.Integer, server_default=sa.text("0"), nullable=False))
    for name in ("governance", "data", "personal"):
        op.add_column("rooms", sa.Column(name, sa.Text, server_default="", nullable=False))
    op.add_column("rooms", sa.Column("due", sa.Integer))
    op.execute("UPDATE rooms SET hidden = 1 WHERE kind <> 'public'")
    op.drop_index("rooms_public")
    public = sa.text("hidden = 0 AND folded IS NOT NULL")
    op.create_index("rooms_public", "rooms", ["folded"], sqlite_where=public)
    op.drop_index("rooms_passing")
    passing = sa.text("kind IN ('public', 'private') AND owner IS NULL AND archived = 0")
    op.create_index("rooms_passing", "rooms", ["id"], sqlite_where=passing)
    op.create_index("rooms_due", "rooms", ["due"], sqlite_where=sa.text("due IS NOT NULL"))


def _former_names() -> None:
    op.create_table(
        "former_names",
        sa.Column("folded", sa.Text, primary_key=True),
        sa.Column("room", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("former_names_of", "former_names", ["room"])


def _messages() -> None:
    op.create_table(
        "reactions",
        sa.Column("room", sa.Integer, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("reaction", sa.Text, primary_key=True),
        sa.Column("principal", sa.Integer, primary_key=True),
        sa.Column("at", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "mentions",
        sa.Column("account", sa.Integer, primary_key=True),
        sa.Column("room", sa.Integer, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "markers",
        sa.Column("account", sa.Integer, primary_key=True),
        sa.Column("target", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("time", sa.Integer, nullable=False),
        sa.Column("said", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("time", sa.Integer, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("room", sa.Text, nullable=False),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("whom", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("until", sa.Integer),
    )
