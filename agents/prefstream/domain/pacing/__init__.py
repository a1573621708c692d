"""Pacing: how fast and how often a model is asked. Pure: the present is always an argument.

Everything here is told the time as `now_s`, seconds of a clock that never goes back.
"""
