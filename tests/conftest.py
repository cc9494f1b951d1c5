"""For all tests: nothing is judged by its speed, and small matrices need no threads."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# Read when numpy is imported. On a busy machine two threads wait for each other longer than they compute.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
