"""IRC, the server's end of it: lines, the table of commands, and how a room's entries look to a channel."""
