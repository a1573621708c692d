"""How long it takes to certify one million labels over 50 slices, from memory and from a file.

python benchmarks/certification.py --labels 1000000 --slices 50 --folder /tmp
"""

import argparse
import time
from pathlib import Path

import numpy as np

from prefstream.domain.certification import Evidence, Terms, certify


def evidence_of(n_labels: int, n_slices: int) -> dict[str, Evidence]:
    """Return simulated slices of which some can be certified and some cannot."""
    generator = np.random.default_rng(0)
    found = {}
    for place in range(n_slices):
        n = n_labels // n_slices
        confidence = generator.random(n)
        wrong = generator.random(n) < (0.05 + place / n_slices / 2) * (1 - confidence)
        found[f"slice-{place:02}"] = Evidence(
            confidence=confidence[:, None], wrong=wrong[:, None], audited=np.ones(n, dtype=bool)
        )
    return found


def write(slices: dict[str, Evidence], path: Path) -> None:
    """Write the labels as JSONL."""
    with path.open("w") as file:
        for name, one in slices.items():
            for place, (confidence, wrong) in enumerate(
                zip(one.confidence[:, 0], one.wrong[:, 0], strict=True)
            ):
                side, other = ("A", "B") if place % 2 else ("B", "A")
                human = other if wrong else side
                file.write(
                    f'{{"pair_id":"{name}/{place}","slice":"{name}","confidence":{confidence:.6f},'
                    f'"judge_label":"{side}","human_label":"{human}"}}\n'
                )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labels", type=int, default=1_000_000)
    parser.add_argument("--slices", type=int, default=50)
    parser.add_argument("--folder", type=Path, help="also write a file there, and certify from it")
    arguments = parser.parse_args()
    slices = evidence_of(arguments.labels, arguments.slices)
    began, cpu = time.perf_counter(), time.process_time()
    found = certify(slices, Terms(alpha=0.1, delta=0.1))
    certified = sum(one.certified for one in found.slices.values())
    print(f"certify: {time.perf_counter() - began:.3f} s, {time.process_time() - cpu:.3f} s of processor")
    print(f"{certified} of {len(found.slices)} slices certified, coverage {found.coverage:.3f}")
    if arguments.folder is not None:
        _from_file(slices, arguments.folder / "labels.jsonl")


def _from_file(slices: dict[str, Evidence], path: Path) -> None:
    from prefstream.streams.certification import Source, certified, read_sample

    write(slices, path)
    began, cpu = time.perf_counter(), time.process_time()
    sample = read_sample(Source(file=str(path)))
    print(f"read {path}: {time.perf_counter() - began:.3f} s, {time.process_time() - cpu:.3f} s of processor")
    certified(sample, Terms())
    print(
        f"with certify: {time.perf_counter() - began:.3f} s, {time.process_time() - cpu:.3f} s of processor"
    )


if __name__ == "__main__":
    main()
