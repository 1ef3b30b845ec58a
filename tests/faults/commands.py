"""Every command with good arguments, in the folder of `good_files`; and arguments that cannot be right."""

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
    "extract": Command(f"{EXTRACT} --image a.png", ("a.png",), ("a picture",)),
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
        ("empty", "blanks"),
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
    "runs": Command("runs model", ("model/config.json",), slow=True),
    "regions": Command("regions --pictures pictures --out out --boxes regions", ("regions/a.npz",)),
    "regions, pictures": Command(
        "regions --pictures pictures --out out --boxes regions", ("pictures/a.png",), ("a picture",)
    ),
    "tune": Command(f"tune {SETUP} --record out.paths --out out"),
    "tune, again": Command("tune --paths paths.jsonl --out out", ("paths.jsonl",)),
    "tune, check": Command("tune --paths paths.jsonl --check policy.yaml", ("policy.yaml",)),
    "compare": Command(
        f"compare {SETUP} --arm span=v1 --arm span=v2 --out out",
        ("data/txt/dev.txt", "profile.yaml"),
        NO_PROFILE,
        True,
    ),
    "compare, policy": Command(f"compare {SETUP} --arm policy=policy.yaml --arm span=v2", ("policy.yaml",), slow=True),
    "reproduce": Command(f"reproduce table1 {SETUP} --out out", ("data/txt/dev.txt", "profile.yaml"), NO_PROFILE, True),
    "cache stats": Command("cache stats --directory cache", ("cache/cache.db",), ("empty", "a number", "missing")),
    "kb build": Command("kb build facts.jsonl --out out", ("facts.jsonl",), ("empty", "blanks")),
    "prompts list": Command("UNCO_PROMPTS=prompts prompts list", ("prompts/type/own.yaml",), ("missing",)),
    "prompts show": Command("UNCO_PROMPTS=prompts prompts show type/own --rendered", ("prompts/type/own.yaml",)),
    "prompts diff": Command("UNCO_PROMPTS=prompts prompts diff type/v1 type/own", ("prompts/type/own.yaml",), ("*",)),
}

A_POST = "extract --checkpoint model"
BAD_LINES: tuple[str, ...] = (
    "no-such-command",
    "extract",
    "--no-such-option",
    f"{A_POST} --text",
    f"{A_POST} --text ''",
    f"{A_POST} --text '  '",
    *(
        f"{EXTRACT} --image {ref}"
        for ref in (
            "''",
            "none.png",
            ".",
            "model",
            "a.png/b",
            "gold.jsonl",
            "pipe",
            "/dev/null",
            "/dev/zero",
            "/proc/self/mem",
            "data:",
            "data:,",
            "data:image/png,abc",
            "data:image/png;base64,",
            "data:image/png;base64,!!!!",
            "data:image/png;base64,AAAA",
            "data:image/png;base64,AAA",
            "data:image/png;base64,%41%4",
            "DATA:text/html;base64,PGI+",
            "data:sha256,0",
            "data:sha256," + "0" * 64,
            "data:sha256,../../etc/passwd",
            "'data:image/svg+xml;utf8,<svg/>'",
            "file:///etc/passwd",
            "FILE:///etc/passwd",
            "ftp://a/b.png",
            "gopher://a/",
            "javascript://a",
            "ssh://a/b",
            "http://10.0.0.1/a.png",
            "http://[::1]/a.png",
            "http://[",
            "http://a:99999/",
            "http://",
            "https://user:pw@a/b.png",  # pragma: allowlist secret
            "http://169.254.169.254/latest",
            "http://localhost/a.png",
            "http://127.0.0.1:1/a.png",
            "'http://a b/c'",
            "//a/b.png",
            "a.png.",
            "'a.png '",
            "x" * 300,
            "x/" * 3000,
        )
    ),
    *(
        f"{EXTRACT} --{name}-threshold {value}"
        for name in ("span", "type", "region")
        for value in ("1.1", "-0.5", "-2", "nan", "inf", "-inf", "1e400", "x", "''", "0,5")
    ),
    *(
        f"{EXTRACT} --{name}-prompt {value}"
        for name in ("span", "type", "region")
        for value in ("v99", "''", "../type/v1", "/etc/passwd", "v1.yaml", "'v 1'")
    ),
    *(f"{EXTRACT} --mode {value}" for value in ("''", "on", "LIVE", "replay", "record")),
    *(
        f"{EXTRACT} {option} {value}"
        for option in ("--frame", "--scheme", "--estimator", "--variant")
        for value in ("none-such", "../a")
    ),
    *(
        f"UNCO_LLM_BASE_URL={url} UNCO_LLM_MODEL=authored-x {EXTRACT} --mode live"
        for url in (
            "localhost",
            "ftp://a/v1",
            "http://",
            "http://[",
            "http://u:secret@a/v1",  # pragma: allowlist secret
            "http://a:99999/v1",
            "file:///v1",
        )
    ),
    f"UNCO_LLM_BASE_URL=http://127.0.0.1:9/v1 UNCO_LLM_MODEL=mystery {EXTRACT} --mode live --variant correct_all",
    f"UNCO_LLM_BASE_URL=http://127.0.0.1:9/v1 UNCO_LLM_MODEL=gpt-4o UNCO_LLM_FRAME=inches {EXTRACT} --mode live",
    *(f"{A_POST}-none --text a --image {ref}" for ref in ("a.png", "none")),
    *(f"extract --text a --checkpoint {where}" for where in ("none-such", "data", "a.png", "/")),
    f"{EXTRACT} --annotate out",
    f"{EXTRACT} --image a.png --annotate none/such/out.xyz",
    f"UNCO_PICTURE_ROOTS= {EXTRACT} --image pictures/../a.png",
    f"UNCO_PICTURE_ROOTS=model {EXTRACT} --image model/../a.png",
    f"UNCO_CACHE_DIR=a.png/x {EXTRACT} --image data:image/png;base64,iVBORw0KGgo=",
    "run",
    "run posts.jsonl",
    "run none --out out",
    "run pictures --out out",
    "run . --out out",
    "run data --out out --pictures none",
    "run '' --out out",
    *(
        f"run posts.jsonl --out out --predictions predictions.jsonl {more}"
        for more in (
            "--at-once 0",
            "--at-once -1",
            "--at-once x",
            "--at-once 1.5",
            "--policy policy.yaml",
            "--mode x",
            "--mode record",
            "--span-threshold 7",
            "--type-prompt v99",
            "--model x --mode live",
            "--nonsense",
        )
    ),
    "run posts.jsonl --out out --predictions gold.jsonl",
    "run posts.jsonl --out out --predictions .",
    "run posts.jsonl --out posts.jsonl --predictions predictions.jsonl",
    "run posts.jsonl --out posts.jsonl --predictions predictions.jsonl --resume",
    "demo --out a.png/x",
    "batch",
    "batch none",
    *(
        f"{BATCH} export {rest}"
        for rest in (
            "none out",
            "model out",
            "posts.jsonl",
            "posts.jsonl posts.jsonl",
            "posts.jsonl a.png/x",
            "posts.jsonl out --predictions none",
            "posts.jsonl out --span-threshold 2",
            "posts.jsonl out --type-prompt v99 --predictions predictions.jsonl",
            "posts.jsonl out --policy none",
            "posts.jsonl out --checkpoint none",
            "posts.jsonl out --scheme none",
            "data out --pictures none",
        )
    ),
    "batch export posts.jsonl out --predictions predictions.jsonl",
    "UNCO_LLM_MODEL=gpt-4o batch export posts.jsonl out --predictions predictions.jsonl",
    *(
        f"batch import {rest}"
        for rest in (
            "questions",
            "none answers.jsonl",
            "data answers.jsonl",
            "a.png answers.jsonl",
            "questions none",
            "questions data",
            "questions a.png",
            "questions posts.jsonl",
            "questions answers.jsonl none",
        )
    ),
    *(
        f"evaluate --predictions said.jsonl --gold gold.jsonl {more}"
        for more in (
            "--protocol none",
            "--protocol ''",
            "--against none",
            "--train none",
            "--against gold.jsonl",
        )
    ),
    "evaluate --predictions . --gold gold.jsonl",
    "evaluate --predictions said.jsonl --gold .",
    "evaluate --predictions said.jsonl --gold data --split none",
    "evaluate --predictions said.jsonl --gold data",
    "evaluate --predictions said.jsonl --gold data --split ../txt/dev",
    "evaluate --predictions gold.jsonl --gold said.jsonl",
    "evaluate --predictions said.jsonl --gold data --split dev --boxes none",
    *(f"export results.jsonl --out out --to {to}" for to in ("''", "none", "COCO")),
    "export said.jsonl --out out --to coco",
    "export said.json --out out --to conll --gold none",
    "export",
    "review-queue results.jsonl --out out --most 0",
    "review-queue said.jsonl --out out",
    "review-queue none --out out",
    "import-review gold.jsonl --out out",
    "import-review none --out out",
    "import-review gold.json --out out",
    "report none --out out",
    "report results.jsonl --out out --gold none",
    "report results.jsonl --out out --pictures none",
    "report results.jsonl --out out --gold data --split dev",
    "report said.jsonl --out out",
    *(
        f"simulate-mllm --gold {rest}"
        for rest in (
            "none",
            ".",
            "gold.jsonl --family none",
            "gold.jsonl --port 99999",
            "gold.jsonl --port -1",
            "gold.jsonl --port x",
            "gold.jsonl --profile none",
            "gold.jsonl --seed x",
        )
    ),
    *(
        f"simulate-variants --data {rest}"
        for rest in (
            "none",
            "model",
            "data --posts 0",
            "data --variant none",
            "data --profile none",
            "data --family none",
            "a.png",
        )
    ),
    *(
        f"train --data {rest}"
        for rest in (
            "none --out out",
            "data --out a.png/x",
            "data --out out --recipe none",
            "data --out out --recipe none.yaml",
            "data --out out --set x",
            "data --out out --set none=1",
            "data --out out --set epochs=0",
            "data --out out --set epochs=x",
            "data --out out --set 'epochs=[1'",
            "data --out out --set dropout=2",
            "data --out out --set estimator=none",
            "data --out out --set scheme=none",
            "data --out out --seed x",
            "data --out out --regions none",
            "data --out out --captions none",
            "data --out out --boxes none",
        )
    ),
    *(
        f"score-model --data {rest}"
        for rest in (
            "none",
            "data --checkpoint none",
            "data --estimator none",
            "data --regions none",
            "data --captions data/txt",
            "data --boxes none",
        )
    ),
    "estimators --data none --checkpoint model",
    "estimators --data data --checkpoint none",
    "estimators --data data",
    "runs",
    "runs none",
    "runs model model",
    "runs a.png",
    *(
        f"regions --pictures {rest}"
        for rest in (
            "none --out out",
            "a.png --out out",
            "pictures --out a.png",
            "pictures --out out --boxes none",
            "pictures --out out --detector none",
            "pictures --out out --zero-shot dog",
            "pictures --out out --features none",
            "pictures --out a.png/x --boxes regions",
        )
    ),
    "tune",
    "tune --paths none",
    "tune --gold data --paths paths.jsonl",
    *(
        f"tune --paths paths.jsonl --out out {more}"
        for more in (
            "--method none",
            "--method ''",
            "--task none",
            "--method call-rate",
            "--method call-rate --share 2",
            "--method call-rate --share nan",
            "--method call-rate --calls -1",
            "--method call-rate --usd -1",
            "--method call-rate --share 0.1 --calls 5",
            "--method conformal --alpha 0",
            "--method conformal --alpha 2",
            "--method conformal --alpha nan",
            "--method risk --delta 0",
            "--method risk --delta 2",
            "--method ltt --asked 2",
            "--floor 2",
            "--floor nan",
            "--check none",
            "--check a.png",
        )
    ),
    "compare",
    "compare --gold data --arm span=v1",
    *(
        f"compare {SETUP} --arm span=v1 --arm {arm}"
        for arm in (
            "span",
            "span=",
            "=v1",
            "span=v99",
            "none=1",
            "span_threshold=x",
            "span_threshold=2",
            "span=v1,span=v2",
            "variant=none",
            "policy=none",
            "checkpoint=none",
            "estimator=none",
            "model=",
            "span=v1",
        )
    ),
    "compare --gold data --split dev --arm span=v1 --arm span=v2",
    f"compare {SETUP} --arm span=v1 --arm span=v2 --family none",
    f"compare {SETUP} --arm span=v1",
    "reproduce",
    "reproduce table9 --gold data",
    f"reproduce table9 {SETUP}",
    "reproduce table1 --gold data --split dev",
    "reproduce table1 --gold none",
    f"reproduce table1 {SETUP} --pictures none --scheme none",
    "probe-frame",
    "probe-frame --model x",
    "probe-frame --base-url http://127.0.0.1:9/v1",
    "probe-frame --model x --base-url nonsense",
    "probe-frame --model x --base-url http://127.0.0.1:9/v1 --no-save",
    "UNCO_SETTINGS=settings.yaml probe-frame --model none",
    "cache",
    "cache none",
    "cache stats --directory a.png",
    "cache stats --directory a.png/x",
    "cache verify --directory a.png",
    "cache prune",
    "cache prune --days x",
    "cache prune --days -1",
    "cache prune --days nan --directory a.png",
    "kb",
    "kb build",
    "kb build facts.jsonl",
    "kb build facts.jsonl --out facts.jsonl",
    "kb build none --out out",
    "kb build data --out out",
    "kb build facts.jsonl --out ./facts.jsonl",
    "kb build gold.jsonl --out out",
    "prompts",
    "prompts none",
    "prompts show",
    "prompts show none",
    "prompts show type/../type/v1",
    "prompts show /etc/passwd",
    "prompts diff type/v1",
    "prompts diff type/v1 none",
    "UNCO_PROMPTS=none prompts list",
    "UNCO_PROMPTS=a.png prompts lock",
)
"""None of these can be done."""

OUTPUTS = ("a.png/out", "pipe/out", "/proc/none/out", "x" * 300, "a.png/../out")
"""Neither a file nor a folder can be written there."""
WRITERS = tuple(
    name
    for name, command in COMMANDS.items()
    if "--out out" in command.line
    and not command.slow
    and "--dry-run" not in command.line
    and "--profile" not in command.line
)
