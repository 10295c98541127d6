"""What an operator sees and does: the journal, the console's commands, and the socket they also come through."""
