"""The contract of the streams, held by the tap run against the sandbox."""
