"""Every command with good arguments, in the folder of `good_files`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    line: str
    """As in a shell, variables first."""
    reads: tuple[str, ...] = ()
    """Files of it that can be broken: bad_files says how."""
    tolerates: tuple[str, ...] = ()
    """Contents (or `*`) with which it may run all the same: the file is not opened, or says nothing of itself."""
    slow: bool = False
    """Its good run is another test's."""
    code: int = 0
    """How its good run ends."""


EXTRACT = "extract --text 'Ann Lee sings' --checkpoint model"
NO_PROFILE = ("empty", "blanks", "nothing", "a list", "an object")
"""A profile that says nothing: it never errs."""
BATCH = "UNCO_LLM_BASE_URL=http://127.0.0.1:9/v1 UNCO_LLM_MODEL=gpt-4o batch"
SETUP = "--gold data --split dev --posts 2 --profile profile.yaml"
COMMANDS: dict[str, Command] = {
    "extract": Command(f"{EXTRACT} --strict-pictures --image a.png", ("a.png",), ("a picture",)),
    "extract, settings": Command(f"UNCO_SETTINGS=settings.yaml {EXTRACT} --variant correct_all", ("settings.yaml",)),
    "extract, policy": Command(f"{EXTRACT} --policy policy.yaml", ("policy.yaml",)),
    "extract, UNCO_POLICY": Command(f"UNCO_POLICY=policy.yaml {EXTRACT}", ("policy.yaml",)),
    "extract, checkpoint": Command(
        f"{EXTRACT}", ("model/config.json", "model/model.safetensors", "model/tokenizer.json")
    ),
    "extract, prompts": Command(
        f"UNCO_PROMPTS=prompts {EXTRACT} --type-prompt own --type-threshold -1", ("prompts/type/own.yaml",)
    ),
    "extract, replay": Command(
        f"UNCO_RECORDING=recording.jsonl UNCO_LLM_MODEL=authored-demo {EXTRACT} --mode replay --type-threshold -1",
        ("recording.jsonl",),
        code=3,  # it holds the demo's questions alone
    ),
    "extract, facts": Command(f"UNCO_KB=facts.db {EXTRACT} --type-prompt v2-kb --type-threshold -1", ("facts.db",)),
    "run": Command(
        "run posts.jsonl --out out --predictions predictions.jsonl", ("posts.jsonl", "predictions.jsonl"), ("*",)
    ),
    "run, dry": Command("run posts.jsonl --out out --checkpoint model --dry-run", ("posts.jsonl",), ("*",)),
    "run, table": Command("run posts.parquet --out out --checkpoint model", ("posts.parquet",)),
    "run, settings": Command(
        "UNCO_SETTINGS=settings.yaml run posts.jsonl --out out --predictions predictions.jsonl",
        ("settings.yaml",),
        code=3,  # nobody listens there, so the posts stay open
    ),
    "run, policy": Command("run posts.jsonl --out out --checkpoint model --policy policy.yaml", ("policy.yaml",)),
    "run, folder": Command("run data --out out --checkpoint model", ("data/txt/dev.txt",), ("*",)),
    "batch export": Command(
        f"{BATCH} export posts.jsonl out --predictions predictions.jsonl --span-threshold -1",
        ("posts.jsonl", "predictions.jsonl"),
        ("*",),
    ),
    "batch import": Command(
        "UNCO_CACHE_DIR=out.cache batch import questions answers.jsonl",
        ("questions/0001.jsonl", "answers.jsonl"),
        ("empty", "blanks"),
    ),
    "evaluate": Command("evaluate --predictions said.jsonl --gold gold.jsonl", ("said.jsonl", "gold.jsonl")),
    "evaluate, official": Command(
        "evaluate --predictions said.json --gold gold.json --protocol official", ("said.json", "gold.json")
    ),
    "evaluate, against": Command(
        "evaluate --predictions said.jsonl --gold gold.jsonl --against results.jsonl",
        ("results.jsonl",),
    ),
    "evaluate, folder": Command(
        "evaluate --predictions said.jsonl --gold data --split dev --json",
        ("data/txt/dev.txt", "data/xml/dev0.xml"),
        slow=True,
    ),
    "export": Command("export results.jsonl --to label-studio --out out", ("results.jsonl",), ("a list",)),
    "export, coco": Command("export said.json --to coco --out out --gold gold.jsonl", ("said.json", "gold.jsonl")),
    "review-queue": Command("review-queue results.jsonl --out out", ("results.jsonl",)),
    "import-review": Command("import-review review.json --out out", ("review.json",), ("a list",)),
    "import-review, results": Command("import-review results.jsonl --out out", ("results.jsonl",), ("a list",)),
    "watch": Command("watch results.jsonl --policy policy.yaml", ("results.jsonl", "policy.yaml")),
    "report": Command("report results.jsonl --out out --gold gold.jsonl", ("results.jsonl", "gold.jsonl")),
    "report, pictures": Command("report results.jsonl --out out --pictures pictures", ("pictures/a.png",), ("*",)),
    "simulate-mllm": Command(
        "simulate-mllm --gold gold.jsonl --profile profile.yaml --family nope",
        ("gold.jsonl", "profile.yaml"),
        slow=True,
    ),
    "simulate-variants": Command(
        "simulate-variants --data data --profile profile.yaml --posts 1", ("profile.yaml",), NO_PROFILE, True
    ),
    "train": Command("train --data data --out out --recipe recipe.yaml", ("recipe.yaml",), slow=True),
    "train, data": Command("train --data data --out out", ("data/txt/train.txt",), slow=True),
    "score-model": Command("score-model --data data --checkpoint model", ("data/txt/dev.txt",), slow=True),
    "estimators": Command("estimators --data data --checkpoint model", ("model/config.json",), slow=True),
    "training-runs": Command("training-runs model", ("model/config.json",), slow=True),
    "regions": Command("regions --pictures pictures --out out --boxes regions", ("regions/a.npz",)),
    "regions, pictures": Command(
        "regions --pictures pictures --out out --boxes regions", ("pictures/a.png",), ("a picture",)
    ),
    "tune": Command(f"tune {SETUP} --record out.paths --out out"),
    "tune, again": Command("tune --paths paths.jsonl --out out", ("paths.jsonl",)),
    "tune, check": Command("tune --paths paths.jsonl --check policy.yaml --against policy.yaml", ("policy.yaml",)),
    "compare": Command(
        f"compare {SETUP} --arm span=v1 --arm span=v2 --out out",
        ("data/txt/dev.txt", "profile.yaml"),
        NO_PROFILE,
        True,
    ),
    "compare, policy": Command(f"compare {SETUP} --arm policy=policy.yaml --arm span=v2", ("policy.yaml",), slow=True),
    "reproduce": Command(f"reproduce table1 {SETUP} --out out", ("data/txt/dev.txt", "profile.yaml"), NO_PROFILE, True),
    "cache stats": Command("cache stats --directory cache", ("cache/cache.db",), ("empty", "a number", "missing")),
    "extract, memory": Command(f"UNCO_MEMORY=memory.db {EXTRACT}", ("memory.db",), ("empty", "missing")),
    "memory stats": Command("memory stats --file memory.db", ("memory.db",), ("empty",)),
    "kb build": Command("kb build facts.jsonl --out out", ("facts.jsonl",), ("empty", "blanks")),
    "prompts list": Command("UNCO_PROMPTS=prompts prompts list", ("prompts/type/own.yaml",), ("missing",)),
    "prompts show": Command("UNCO_PROMPTS=prompts prompts show type/own --rendered", ("prompts/type/own.yaml",)),
    "prompts diff": Command("UNCO_PROMPTS=prompts prompts diff type/v1 type/own", ("prompts/type/own.yaml",), ("*",)),
}
