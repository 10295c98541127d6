"""How far a connection has come."""

from __future__ import annotations

from enum import Enum


class Stage(Enum):
    """From connecting to the end."""

    NEW = "new"
    PRESENT = "present"
    ENDED = "ended"
