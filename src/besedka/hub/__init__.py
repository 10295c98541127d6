"""The server as a machine: sessions, rooms and places, a turn at a time, without a loop, a clock or dice of its own."""
