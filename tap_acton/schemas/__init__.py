"""One JSON schema per stream; each property says what it holds and where it comes from."""
