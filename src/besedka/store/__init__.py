"""The truth about rooms and people: kept in SQLite, or in memory for tests."""
