"""Judges: how each kind of judge is asked and how its answers are read."""
