"""Load a release with the loaders of OpenRLHF, LLaMA-Factory, Axolotl and verl, unchanged.

    check_loaders.py FOLDER

Their trainers need accelerators, so that what they read is compared with what the files say instead.
"""

import json
import os
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

SCRATCH = tempfile.TemporaryDirectory(prefix="trainers-")
os.environ |= {
    "HF_HUB_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_HOME": SCRATCH.name,
    "CUDA_VISIBLE_DEVICES": "",
    "TQDM_DISABLE": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "LLAMAFACTORY_VERBOSITY": "WARN",
}

import datasets  # noqa: E402
import tiny  # noqa: E402

datasets.disable_progress_bars()
KINDS = ("parquet", "jsonl")
TOKENIZER = tiny.tokenizer()


def main() -> None:
    """Run every loader."""
    folder = Path(sys.argv[1]).resolve()
    checks: dict[str, Callable[[Path], str]] = {
        "openrlhf": open_rlhf,
        "llamafactory": llama_factory,
        "axolotl": axolotl,
        "verl": verl,
    }
    for package, check in checks.items():
        print(f"ok   {package} {version(package)}: {check(folder)}")
    print("loaders: all passed")


def path_of(folder: Path, kind: str, config: str) -> str:
    """Return the file of a configuration's training split."""
    return str(folder / kind / "data" / config / f"train-00000-of-00001.{kind}")


def rows_of(folder: Path, kind: str, config: str) -> Any:
    """Return a configuration's training split as the card says it."""
    return datasets.load_dataset(str(folder / kind), config, split="train")


# OpenRLHF: its blending of files, its reward, preference and prompt data sets.


def open_rlhf(folder: Path) -> str:
    """Read pairs with and without a prompt's column, and prompts with a label."""
    seen = 0
    for kind in KINDS:
        for config, told in {
            "preference": {"prompt_key": "prompt"},
            "preference_conversational": {"prompt_key": "prompt", "apply_chat_template": True},
            "preference_implicit": {"apply_chat_template": True},
            "reward": {"apply_chat_template": True},
        }.items():
            for is_dpo in (True, False):
                seen += _open_rlhf_pairs(folder, kind, config, told, is_dpo=is_dpo)
        seen += _open_rlhf_prompts(folder, kind)
    return f"{seen} rows of five configurations, margins kept, chosen and rejected the right way round"


def _open_rlhf_strategy(**data: Any) -> Any:
    known = {"prompt_key": None, "chosen_key": "chosen", "rejected_key": "rejected"}
    args = SimpleNamespace(use_ms=False, data=SimpleNamespace(**(known | data)))
    return SimpleNamespace(args=args, print=lambda *_: None, is_rank_0=lambda: False)


def _open_rlhf_pairs(folder: Path, kind: str, config: str, told: dict[str, Any], *, is_dpo: bool) -> int:
    from openrlhf.datasets import RewardDataset
    from openrlhf.datasets.utils import blending_datasets

    strategy = _open_rlhf_strategy(**told)
    blended = blending_datasets(path_of(folder, kind, config), strategy=strategy)
    read = RewardDataset(blended, TOKENIZER, 1024, strategy, is_dpo=is_dpo, num_processors=1)
    source = rows_of(folder, kind, config)
    assert len(read) == len(source)
    for place, row in enumerate(source):
        chosen, rejected = read.chosens[place], read.rejects[place]
        assert _last(row["chosen"]) in chosen
        assert _last(row["rejected"]) in rejected
        if is_dpo:
            assert "What is 17" in read.prompts[place]
            assert read.extras[place] > 0
        else:
            assert read.extras[place] == row["margin"]
    read.collate_fn([read[place] for place in range(len(read))])
    return len(read)


def _last(said: Any) -> str:
    return said if isinstance(said, str) else said[-1]["content"]


def _open_rlhf_prompts(folder: Path, kind: str) -> int:
    from openrlhf.datasets import PromptDataset
    from openrlhf.datasets.utils import blending_datasets

    strategy = _open_rlhf_strategy(input_key="prompt", label_key="reference", apply_chat_template=True)
    blended = blending_datasets(path_of(folder, kind, "prompts"), strategy=strategy)
    read = PromptDataset(blended, TOKENIZER, strategy)
    source = rows_of(folder, kind, "prompts")
    assert read.labels == list(source["reference"])
    wanted = [
        TOKENIZER.apply_chat_template(prompt, tokenize=False, add_generation_prompt=True)
        for prompt in source["prompt"]
    ]
    assert read.prompts == wanted
    return len(read)


# LLaMA-Factory: dataset_info.json, its loader and its converters.


def llama_factory(folder: Path) -> str:
    """Read every entry of dataset_info.json."""
    from llamafactory.data.loader import _load_single_dataset
    from llamafactory.data.parser import get_dataset_list

    counted = {}
    for kind in KINDS:
        home = folder / kind
        names = list(json.loads((home / "dataset_info.json").read_text()))
        data = SimpleNamespace(
            dataset_dir=str(home),
            streaming=False,
            preprocessing_num_workers=None,
            overwrite_cache=True,
            max_samples=None,
        )
        model = SimpleNamespace(cache_dir=None, hf_hub_token=None)
        for name, told in zip(names, get_dataset_list(names, str(home)), strict=True):
            read = _load_single_dataset(told, model, data, SimpleNamespace(local_process_index=0))
            config, split = name.rsplit("_", 1)
            source = datasets.load_dataset(str(home), config, split=split)
            assert len(read) == len(source), name
            for one, row in zip(read, source, strict=True):
                _check_llama_factory(config, one, row)
            counted[name] = len(read)
    return f"{counted}, no row skipped as abnormal"


def _check_llama_factory(config: str, read: Any, row: Any) -> None:
    assert read["_prompt"], (config, read)
    assert read["_prompt"][-1]["role"] == "user", (config, read)
    said = [turn["content"] for turn in read["_response"]]
    if config == "unpaired":
        assert said == ([row["completion"], ""] if row["label"] else ["", row["completion"]])
    elif config == "sft":
        assert said == [row["messages"][-1]["content"]]
    else:
        assert said == [_last(row["chosen"]), _last(row["rejected"])]
    if isinstance(row.get("prompt"), list) and row["prompt"][0]["role"] == "system":
        assert read["_system"] == row["prompt"][0]["content"]


# Axolotl: its strategies for preferences, KTO, rankings and reward models.


def axolotl(folder: Path) -> str:
    """Read preferences, completions and rankings by the types that its documentation names."""
    from axolotl.prompt_strategies.dpo import chat_template, user_defined, zephyr
    from axolotl.prompt_strategies.kto import user_defined as kto
    from axolotl.utils.dict import DictDefault

    def config(**told: Any) -> Any:
        return DictDefault({"chat_template": "tokenizer_default", "datasets": [told]})

    seen = 0
    for kind in KINDS:
        plain = user_defined.default(config(type={"field_prompt": "prompt"}))
        talk, _ = chat_template.default(config(type="chat_template.default", field_messages="prompt"))
        whole, _ = chat_template.argilla_chat(config(type="chat_template.argilla_chat"))
        wanted = kto.default(config(type={"field_completion": "completion", "field_label": "label"}))
        ranked = zephyr.nectar(config(type="zephyr.nectar"))
        for name, read in {
            "preference": plain,
            "preference_conversational": lambda row, talk=talk: talk(row, tokenizer=TOKENIZER),
            "preference_implicit": lambda row, whole=whole: whole(row, tokenizer=TOKENIZER),
        }.items():
            for row in rows_of(folder, kind, name):
                got = read(dict(row))
                assert _last(row["chosen"]) in got["chosen"]
                assert _last(row["rejected"]) in got["rejected"]
                assert "What is 17" in got["prompt"]
                seen += 1
        for row in rows_of(folder, kind, "unpaired"):
            got = wanted(dict(row))
            assert (got["completion"], got["label"]) == (row["completion"], row["label"])
            seen += 1
        for row in rows_of(folder, kind, "ranking"):
            got = ranked(dict(row))
            assert got["chosen"] != got["rejected"]
            seen += 1
        seen += _axolotl_rewards(folder, kind, config)
    return f"{seen} rows of five configurations"


def _axolotl_rewards(folder: Path, kind: str, config: Callable[..., Any]) -> int:
    """Read pairs for a reward model: its strategy wants the prompt in `input`, beside `system`."""
    from axolotl.prompt_strategies.bradley_terry import chat_template

    told = config(type="bradley_terry.chat_template") | {
        "sequence_len": 1024,
        "reward_model": True,
        "train_on_inputs": False,
    }
    read = chat_template.load(TOKENIZER, told)
    renamed = rows_of(folder, kind, "preference").rename_column("prompt", "input")
    renamed = renamed.add_column("system", [""] * len(renamed))
    for row in renamed:
        got = read.tokenize_prompt(dict(row))
        assert row["chosen"] in TOKENIZER.decode(got["chosen_ids"])
        assert row["rejected"] in TOKENIZER.decode(got["rejected_ids"])
    return len(renamed)


# verl: Parquet alone is what its reward and fine-tuning data sets read.


def verl(folder: Path) -> str:
    """Read prompts, preferences and demonstrations."""
    from omegaconf import OmegaConf
    from verl.utils.dataset.multiturn_sft_dataset import MultiTurnSFTDataset
    from verl.utils.dataset.rl_dataset import RLHFDataset, collate_fn
    from verl.utils.dataset.rm_dataset import RMDataset

    told = {"cache_dir": SCRATCH.name, "max_prompt_length": 1024, "filter_overlong_prompts_workers": 1}
    for kind in KINDS:
        prompts = RLHFDataset(path_of(folder, kind, "prompts"), TOKENIZER, OmegaConf.create(told))
        source = rows_of(folder, kind, "prompts")
        assert len(prompts) == len(source)
        for place, row in enumerate(source):
            got = prompts[place]
            assert got["raw_prompt"] == row["prompt"]
            assert got["data_source"] == "trainers"
            assert got["reward_model"] == {"style": "model", "ground_truth": row["reference"]}
            assert got["index"] == row["extra_info"]["index"]
        collate_fn([prompts[place] for place in range(len(prompts))])
    pairs = RMDataset(path_of(folder, "parquet", "preference"), TOKENIZER, cache_dir=SCRATCH.name)
    for place, row in enumerate(rows_of(folder, "parquet", "preference")):
        better, worse = (TOKENIZER.decode(ids) for ids in pairs[place]["input_ids"])
        assert row["prompt"] + row["chosen"] in better
        assert row["prompt"] + row["rejected"] in worse
    written = MultiTurnSFTDataset(
        path_of(folder, "parquet", "sft"), TOKENIZER, OmegaConf.create({"pad_mode": "no_padding"})
    )
    for place, row in enumerate(rows_of(folder, "parquet", "sft")):
        got = written[place]
        trained = TOKENIZER.decode(got["input_ids"][got["loss_mask"] == 1])
        assert row["messages"][-1]["content"] in trained, trained
    return f"{len(prompts)} prompts, {len(pairs)} pairs, {len(written)} demonstrations"


if __name__ == "__main__":
    main()
