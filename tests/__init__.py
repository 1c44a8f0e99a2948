"""The tests of the tap, of its sandbox, and of the whole pipeline."""
