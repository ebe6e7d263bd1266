"""Stored mail becomes reports, comments and notes: claimed, read, threaded, acted on, or held for people to decide."""
