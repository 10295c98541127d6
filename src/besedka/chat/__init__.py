"""The rules of the chat, pure: what may happen, and what a room becomes when it has."""
