"""Attempts to instruct the judge: found in what a response says, whatever it is written in.

A finding changes no verdict. It says that a person should look at the pair.
"""

from prefstream.domain.injection.detection import INJECTION_VERSION, suspicions
from prefstream.domain.injection.findings import Kind, Suspicion

__all__ = ["INJECTION_VERSION", "Kind", "Suspicion", "suspicions"]
