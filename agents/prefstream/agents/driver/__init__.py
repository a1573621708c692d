"""The in-process driver: the whole chain on one thread, without clock, chance or network.

Bytes go in and bytes come out through the real codec; a seed decides every interleaving.
"""

from prefstream.agents.driver.consumer import CrashPoint, Tally
from prefstream.agents.driver.driver import Driver
from prefstream.agents.driver.log import Log
from prefstream.agents.driver.rows import DeadLetter, LabelRow, PairRow, Rows, rows

__all__ = ["CrashPoint", "DeadLetter", "Driver", "LabelRow", "Log", "PairRow", "Rows", "Tally", "rows"]
