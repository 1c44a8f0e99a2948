"""What all tests share."""

from hypothesis import settings

# The same examples on every run and machine, however slow and busy that is.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")
