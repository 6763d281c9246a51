"""What all tests share: property tests try the same inputs every time, so that none fails another change by chance."""

from hypothesis import settings

settings.register_profile("same", derandomize=True, database=None)
settings.register_profile("explore", derandomize=False)
settings.load_profile("same")
