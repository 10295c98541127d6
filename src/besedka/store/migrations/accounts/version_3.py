"""The name of somebody removed is nobody's for a while."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "3"
down_revision = "2"


def upgrade() -> None:
    """Names of those removed before are free already."""
    op.create_table(
        "kept_names",
        sa.Column("folded", sa.Text, primary_key=True),
        sa.Column("until", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
