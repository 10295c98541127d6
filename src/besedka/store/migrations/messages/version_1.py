"""The first tables of rooms and entries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None


def upgrade() -> None:
    """Make them."""
    _rooms()
    op.create_table(
        "meta",
        sa.Column("epoch", sa.Text, nullable=False),
        sa.Column("boot", sa.Integer, nullable=False),
    )
    op.create_table(
        "stays",
        sa.Column("room", sa.Integer, primary_key=True),
        sa.Column("principal", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("first", sa.Integer, nullable=False),
        sa.Column("left", sa.Integer),
        sqlite_with_rowid=False,
    )
    op.create_index("stays_of", "stays", ["principal", "room"])
    op.create_table(
        "entries",
        sa.Column("room", sa.Integer, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("time", sa.Integer, nullable=False),
        sa.Column("author", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "requests",
        sa.Column("author", sa.Integer, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("room", sa.Integer, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "steps",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("what", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )


def _rooms() -> None:
    op.create_table(
        "rooms",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("folded", sa.Text),
        sa.Column("owner", sa.Integer),
        sa.Column("low", sa.Integer),
        sa.Column("high", sa.Integer),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("head", sa.Integer, nullable=False),
        sa.Column("floor", sa.Integer, nullable=False),
        sa.Column("time", sa.Integer, nullable=False),
        sa.Column("messages", sa.Integer, nullable=False),
        sa.Column("members", sa.Integer, nullable=False),
        sa.Column("archived", sa.Integer, nullable=False),
    )
    named = sa.text("folded IS NOT NULL")
    op.create_index("rooms_named", "rooms", ["folded"], unique=True, sqlite_where=named)
    op.create_index("rooms_public", "rooms", ["folded"], sqlite_where=sa.text("kind = 'public' AND folded IS NOT NULL"))
    op.create_index("rooms_direct", "rooms", ["low", "high"], unique=True, sqlite_where=sa.text("low IS NOT NULL"))
    op.create_index("rooms_inbox", "rooms", ["owner"], unique=True, sqlite_where=sa.text("kind = 'inbox'"))
    passing = sa.text("kind = 'public' AND owner IS NULL AND archived = 0")
    op.create_index("rooms_passing", "rooms", ["id"], sqlite_where=passing)
