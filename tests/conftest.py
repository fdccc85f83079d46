"""Settings for all tests."""

from hypothesis import settings

# How long an example takes depends on what else the machine does; no test may fail by that.
settings.register_profile("untimed", deadline=None, print_blob=True)
settings.load_profile("untimed")
