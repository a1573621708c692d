"""Memory of a process that has thousands of things under way at once."""

import gc

#: Objects beyond those given back before the youngest are searched for cycles, and how many such
#: searches make one of the older ones. A call under way is some forty objects, none of them in a cycle.
THRESHOLDS = (100_000, 20, 20)


def settle() -> None:
    """Spare what is there for good, and all that is soon given back, from being searched for cycles.

    With 2,000 calls under way the searches took a third of the time of the process, and each of the
    long ones stopped everything for up to a fifth of a second (docs/decisions/0011).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
