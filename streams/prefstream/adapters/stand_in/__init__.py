"""A stand-in for the HTTP APIs of language models, on loopback, to test and to try with."""
