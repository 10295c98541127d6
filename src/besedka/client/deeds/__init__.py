"""What the commands do, by what people want."""
