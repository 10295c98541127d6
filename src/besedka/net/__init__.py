"""The way in: one port that tells TLS, native frames, HTTP, IRC and text apart, and moves their bytes."""
