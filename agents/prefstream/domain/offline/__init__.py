"""The offline parts: a modest reader, writers and annotators that need no model and no person.

They exist for demonstrations and tests. Whatever they make is labelled OFFLINE or SIMULATED.
"""
