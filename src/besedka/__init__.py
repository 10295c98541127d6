"""A self-hosted chat: a room is a log, and everything else is somebody's place in it."""

__version__ = "0.1.0"
