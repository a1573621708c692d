"""Train one step of each kind with TRL on a release, and load every configuration by its card.

    check_trl.py FOLDER

Nothing of the files is renamed, mapped or cast here: what `load_dataset` gives goes to the trainer.
"""

import logging
import math
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

os.environ |= {
    "HF_HUB_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "CUDA_VISIBLE_DEVICES": "",
    "TQDM_DISABLE": "1",
}
SCRATCH = tempfile.TemporaryDirectory(prefix="trainers-")
os.environ["HF_HOME"] = SCRATCH.name

import datasets  # noqa: E402
import tiny  # noqa: E402
import transformers  # noqa: E402
import trl  # noqa: E402
import yaml  # noqa: E402

datasets.disable_progress_bars()
#: What the losses are at the first step, when policy and reference are the same: ln 2, and 1 / (2 beta)^2.
DPO_START, IPO_START, KTO_START = 0.6931, 25.0, 0.5
TOLERANCE = 1e-3


def main() -> None:
    """Check the release in both kinds of files."""
    print(f"trl {trl.__version__}, transformers {transformers.__version__}, datasets {datasets.__version__}")
    folder = Path(sys.argv[1])
    for kind in ("parquet", "jsonl"):
        check_card(folder / kind)
        right_way_round(folder / kind)
    for name, trained in trainings(folder):
        started = time.perf_counter()
        print(f"ok   {name}: {trained()} ({time.perf_counter() - started:.1f} s)")
    same_rows(folder)
    print("trl: all passed")


class Complaints(logging.Handler):
    """Keeps what `datasets` complains of: a card that it reads in part is no card that it reads."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []
        logging.getLogger("datasets").addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a complaint."""
        self.said.append(record.getMessage())


def check_card(folder: Path) -> None:
    """Load every configuration as the card says, and compare the features with those of the card."""
    head = yaml.safe_load((folder / "README.md").read_text().split("---\n")[1])
    infos = {info["config_name"]: info["features"] for info in head["dataset_info"]}
    complaints = Complaints()
    names = datasets.get_dataset_config_names(str(folder))
    assert sorted(names) == sorted(infos), (names, list(infos))
    for name in names:
        loaded = datasets.load_dataset(str(folder), name)
        assert not complaints.said, complaints.said
        assert list(loaded) == ["train", "test"], loaded
        for split, rows in loaded.items():
            assert rows.num_rows > 0, (name, split)
            said = rows.features._to_yaml_list()  # noqa: SLF001  (what the hub writes into a card)
            assert said == infos[name], (name, said, infos[name])
        print(f"ok   datasets {folder.name} {name}: {loaded.num_rows}")


def same_rows(folder: Path) -> None:
    """Make sure that both kinds of files say the same."""
    for name in datasets.get_dataset_config_names(str(folder / "parquet")):
        one, other = (load(folder / kind, name).to_list() for kind in ("parquet", "jsonl"))
        assert one == other, name
    print("ok   Parquet and JSONL hold the same rows")


def right_way_round(folder: Path) -> None:
    """Make sure that what is chosen has the right sum, and what is much worse has not."""
    for row in load(folder, "preference"):
        total = str(17 + int(re.findall(r"17 \+ (\d+)", row["prompt"])[-1]))
        assert total in row["chosen"], row
        assert row["margin"] < 2 or total not in row["rejected"], row


def load(folder: Path, name: str) -> Any:
    """Return the training split of a configuration."""
    return datasets.load_dataset(str(folder), name, split="train")


def trainings(folder: Path) -> Iterator[tuple[str, Callable[[], str]]]:
    """Yield every training by its name."""
    for kind in ("parquet", "jsonl"):
        source = folder / kind
        for name in ("preference", "preference_implicit", "preference_conversational"):
            yield (
                f"DPO {kind} {name}",
                lambda source=source, name=name: dpo(source, name, "sigmoid", DPO_START),
            )
            yield f"IPO {kind} {name}", lambda source=source, name=name: dpo(source, name, "ipo", IPO_START)
        yield f"KTO {kind} unpaired", lambda source=source: kto(source)
        yield f"Reward {kind} reward", lambda source=source: reward(source, "reward")
        yield (
            f"Reward {kind} preference_implicit",
            lambda source=source: reward(source, "preference_implicit"),
        )
        yield f"GRPO {kind} prompts", lambda source=source: online(source, trl.GRPOTrainer, trl.GRPOConfig)
        yield f"RLOO {kind} prompts", lambda source=source: online(source, trl.RLOOTrainer, trl.RLOOConfig)
        yield f"SFT {kind} sft", lambda source=source: sft(source)


def arguments(**changes: Any) -> dict[str, Any]:
    """Return what all trainers are told: one step on the CPU, and to tell nobody."""
    common: dict[str, Any] = {
        "output_dir": f"{SCRATCH.name}/out",
        "max_steps": 1,
        "per_device_train_batch_size": 4,
        "logging_steps": 1,
        "report_to": "none",
        "use_cpu": True,
        "bf16": False,
        "save_strategy": "no",
        "disable_tqdm": True,
        "dataloader_pin_memory": False,
    }
    return common | changes


def loss_of(trainer: Any) -> float:
    """Train the step and return its loss."""
    trainer.remove_callback(transformers.PrinterCallback)
    trained = trainer.train()
    assert trained.global_step == 1
    loss = float(trained.training_loss)
    assert math.isfinite(loss), loss
    return loss


def dpo(folder: Path, name: str, loss_type: str, start: float) -> str:
    """Train a step of DPO or IPO."""
    rows = load(folder, name)
    trainer = trl.DPOTrainer(
        model=tiny.model(SCRATCH.name),
        args=trl.DPOConfig(**arguments(loss_type=[loss_type], beta=0.1)),
        train_dataset=rows,
        processing_class=tiny.tokenizer(),
    )
    assert len(trainer.train_dataset) == len(rows)
    loss = loss_of(trainer)
    assert abs(loss - start) <= TOLERANCE * start, loss
    return f"loss {loss:.4f}, as theory says, {len(rows)} rows"


def kto(folder: Path) -> str:
    """Train a step of KTO."""
    rows = load(folder, "unpaired")
    trainer = trl.KTOTrainer(
        model=tiny.model(SCRATCH.name),
        args=trl.KTOConfig(**arguments()),
        train_dataset=rows,
        processing_class=tiny.tokenizer(),
    )
    loss = loss_of(trainer)
    assert abs(loss - KTO_START) <= TOLERANCE, loss
    return f"loss {loss:.4f}, as theory says, {len(rows)} rows, {sum(rows['label'])} wanted"


def reward(folder: Path, name: str) -> str:
    """Train a step of a reward model, with the margin."""
    rows = load(folder, name)
    trainer = trl.RewardTrainer(
        model=tiny.model(SCRATCH.name, reward=True),
        args=trl.RewardConfig(**arguments()),
        train_dataset=rows,
        processing_class=tiny.tokenizer(),
    )
    assert "margin" in trainer.train_dataset.column_names
    return f"loss {loss_of(trainer):.4f}, margins {sorted(set(rows['margin']))}, {len(rows)} rows"


def online(folder: Path, trainer_class: Any, config: Any) -> str:
    """Train a step of a trainer that generates by itself, with a reward that reads the reference."""
    seen: list[str] = []
    rewards: list[float] = []

    def judged(completions: list[Any], reference: list[str], **_: Any) -> list[float]:
        seen.extend(reference)
        texts = [completion[0]["content"] for completion in completions]
        # A random model says nothing like the reference: any number that depends on both will do.
        given = [crc32((a + b).encode()) % 7 / 7 for a, b in zip(texts, reference, strict=True)]
        rewards.extend(given)
        return given

    rows = load(folder, "prompts")
    trainer = trainer_class(
        model=tiny.model(SCRATCH.name),
        reward_funcs=judged,
        args=config(**arguments(num_generations=4, max_completion_length=8)),
        train_dataset=rows,
        processing_class=tiny.tokenizer(),
    )
    loss = loss_of(trainer)
    assert seen
    assert set(seen) <= set(rows["reference"])
    assert len(set(rewards)) > 1, rewards
    said = [round(one, 2) for one in rewards]
    return f"loss {loss:.4f}, rewards {said} against {seen[0]!r}, {len(rows)} rows"


def sft(folder: Path) -> str:
    """Train a step on demonstrations."""
    rows = load(folder, "sft")
    trainer = trl.SFTTrainer(
        model=tiny.model(SCRATCH.name),
        args=trl.SFTConfig(**arguments()),
        train_dataset=rows,
        processing_class=tiny.tokenizer(),
    )
    return f"loss {loss_of(trainer):.4f}, {len(rows)} rows"


if __name__ == "__main__":
    main()
