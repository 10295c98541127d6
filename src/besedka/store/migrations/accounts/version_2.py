"""A token remembers which program it was made for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2"
down_revision = "1"


def upgrade() -> None:
    """Those that are there were made for programs nobody noted."""
    op.add_column("tokens", sa.Column("client", sa.Text, server_default="", nullable=False))
