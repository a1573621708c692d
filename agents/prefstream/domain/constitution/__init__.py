"""The constitution as something to check, compare, act on and teach from: pure functions of its value."""
