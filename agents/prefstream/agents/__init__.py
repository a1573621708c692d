"""The stages: each turns one event, and what it asks for, into further events."""
