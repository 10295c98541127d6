"""Rooms that no longer keep all of their log know how many messages lay before their floor."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "3"
down_revision = "2"


def upgrade() -> None:
    """Add the count; no version before this one has ever pruned anything."""
    op.add_column("rooms", sa.Column("pruned", sa.Integer, server_default=sa.text("0"), nullable=False))
