"""What every test shares: property tests without a clock, since these machines are noisy."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("hansa", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("hansa")
