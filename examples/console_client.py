"""Bring pairs in and watch where they stand: `python examples/console_client.py URL TOKEN`."""

import sys
import time

from prefstream.adapters.console_client import Console, Refused, ingest, pair

ROWS = [
    {
        "pair_id": f"example-{n}",
        "prompt": f"What is {n} x 7?",
        "response_a": str(n * 7),
        "response_b": str(n * 7 + 1),
        "slice": "arithmetic",
    }
    for n in range(3, 6)
]


def main(base_url: str, token: str) -> None:
    """Bring the rows in and print what becomes of them for ten seconds."""
    with Console(base_url, token=token) as console:
        print(f"accepted {console.ask(ingest('pairs', ROWS, key='example')).accepted}")
        until = time.monotonic() + 10
        waiting = [row["pair_id"] for row in ROWS]
        while waiting and time.monotonic() < until:
            for name in list(waiting):
                try:
                    told = console.ask(pair(name))
                except Refused:
                    continue  # not in the tables yet
                print(f"{name}: {told['status']}, judge says {told['judge_label']}, label {told['label']}")
                if told["status"] in {"validated", "rejected", "escalated"}:
                    waiting.remove(name)
            time.sleep(0.5)


if __name__ == "__main__":
    main(*sys.argv[1:3])
