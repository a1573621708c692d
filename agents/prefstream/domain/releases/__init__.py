"""Releases: which pairs a dataset takes, in which form, and whether it may be published."""
