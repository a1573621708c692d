"""The sink's projections: archive, current state, minute buckets and the figures read from them."""

from prefstream.adapters.postgres.projections.metrics import refresh
from prefstream.adapters.postgres.projections.projection import Projected, project, set_aside
from prefstream.adapters.postgres.projections.remembered import Remembered

__all__ = ["Projected", "Remembered", "project", "refresh", "set_aside"]
