"""Lists and their rows, and what hangs on these."""
