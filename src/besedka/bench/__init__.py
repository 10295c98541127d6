"""Reproducible load against a server of its own: what `besedka bench` measures and prints."""
