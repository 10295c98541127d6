"""Bytes in, requests out; entries in, bytes out. No sockets, no waiting."""
