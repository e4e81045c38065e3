"""How property tests run: never against the clock; a failure says how to repeat it."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "halfspread",
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("halfspread")
