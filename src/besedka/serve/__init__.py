"""The server as a process: the only place that knows every part."""
