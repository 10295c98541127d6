"""The first tables of people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "accounts",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("folded", sa.Text),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("first_seen", sa.Integer, nullable=False),
        sa.Column("first_address", sa.Text, nullable=False),
        sa.Column("last_seen", sa.Integer, nullable=False),
        sa.Column("last_address", sa.Text, nullable=False),
        sa.Column("muted", sa.Integer, nullable=False),
        sqlite_autoincrement=True,
    )
    named = sa.text("folded IS NOT NULL")
    op.create_index("accounts_named", "accounts", ["folded"], unique=True, sqlite_where=named)
    op.create_table(
        "tokens",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("account", sa.Integer, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("used", sa.Integer, nullable=False),
        sa.Column("expires", sa.Integer, nullable=False),
    )
    op.create_index("tokens_of", "tokens", ["account", "used"])
    op.create_table(
        "invitations",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("uses_left", sa.Integer, nullable=False),
        sa.Column("expires", sa.Integer, nullable=False),
    )
    op.create_table(
        "known",
        sa.Column("account", sa.Integer, primary_key=True),
        sa.Column("address", sa.Text, primary_key=True),
        sa.Column("time", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("known_by_time", "known", ["time"])
    _bans()


def _bans() -> None:
    op.create_table(
        "bans",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("account", sa.Integer),
        sa.Column("network", sa.Text),
        sa.Column("since", sa.Integer, nullable=False),
        sa.Column("until", sa.Integer),
    )
    account = sa.text("account IS NOT NULL")
    op.create_index("bans_of", "bans", ["account"], unique=True, sqlite_where=account)
    network = sa.text("network IS NOT NULL")
    op.create_index("bans_from", "bans", ["network"], unique=True, sqlite_where=network)
