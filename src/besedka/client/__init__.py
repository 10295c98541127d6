"""The client: a core that owns no socket, the link that moves its bytes, and the line client on top."""
