"""Webhooks out: signatures, addresses that may be called, and the calls themselves."""
