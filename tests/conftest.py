"""No test is timed: hypothesis must not judge by the clock of a busy machine either."""

from hypothesis import settings

settings.register_profile("continuo", deadline=None)
settings.load_profile("continuo")
