"""Lines of the terminal with odd arguments, and outputs that cannot be written."""

from tests.faults.bad_evaluations import BAD_EVALUATIONS
from tests.faults.commands import BATCH, COMMANDS, EXTRACT

A_POST = "extract --checkpoint model"
BAD_LINES: tuple[str, ...] = (
    "no-such-command",
    "extract",
    "--no-such-option",
    "serve --port x",
    "serve --port 99999",
    "serve --workers 0",
    "serve --at-once 0",
    "serve --state out.state --host 0.0.0.0 --checkpoint model",
    "serve --state out.state --checkpoint none",
    "serve --state out.state --checkpoint model --tokens none.yaml",
    "serve --state out.state --checkpoint model --tokens a.png",
    "serve --checkpoint model --state a.png",
    "serve-token",
    "serve-token ''",
    "serve-token a --calls -1",
    "serve-token a --tokens model",
    "serve-token a --tokens a.png",
    "serve-token a --tokens a.png/b",
    f"{A_POST} --text",
    f"{A_POST} --text ''",
    f"{A_POST} --text '  '",
    *(
        f"{EXTRACT} --strict-pictures --image {ref}"
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
    *(f"{EXTRACT} --recall-{name} {value}" for name in ("accept", "threshold") for value in ("7", "-1", "nan", "x")),
    *(f"UNCO_SEARCH={url} {EXTRACT} --type-prompt v2-kb" for url in ("x", "ftp://a", "http://u:p@a/mcp", "http://a#b")),
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
    f"UNCO_LLM_BASE_URL=http://127.0.0.1:9/v1 UNCO_LLM_MODEL=mystery {EXTRACT} --image a.png --mode live "
    "--variant correct_all",
    f"UNCO_LLM_BASE_URL=http://127.0.0.1:9/v1 UNCO_LLM_MODEL=gpt-4o UNCO_LLM_FRAME=inches {EXTRACT} --mode live",
    *(f"{A_POST}-none --text a --image {ref}" for ref in ("a.png", "none")),
    *(f"extract --text a --checkpoint {where}" for where in ("none-such", "data", "a.png", "/")),
    f"{EXTRACT} --annotate out",
    f"{EXTRACT} --strict-pictures --image a.png --annotate none/such/out.xyz",
    f"UNCO_PICTURE_ROOTS= {EXTRACT} --strict-pictures --image pictures/../a.png",
    f"UNCO_PICTURE_ROOTS=model {EXTRACT} --strict-pictures --image model/../a.png",
    f"UNCO_CACHE_DIR=a.png/x {EXTRACT} --strict-pictures --image data:image/png;base64,iVBORw0KGgo=",
    "run",
    "run posts.jsonl",
    "run none --out out",
    "run pictures --out out",
    "run data/xml --out out",
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
            "--recall-accept 7",
            "--recall-threshold -1",
            "--type-prompt v99",
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
    "review none --out out",
    "review results.jsonl --out out --pictures none",
    "review said.jsonl --out out",
    "watch results.jsonl --policy policy.yaml --learn",
    "watch results.jsonl --policy none",
    "watch results.jsonl --policy policy.yaml --posts-between-false-alarms nan",
    "watch none --policy policy.yaml",
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
    *BAD_EVALUATIONS,
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
