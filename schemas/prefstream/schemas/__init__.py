"""The contract of prefstream: events, topics and the codec between them and bytes."""
