"""Compare two prompts on the same posts. The MLLM is simulated; your own endpoint makes the numbers mean something."""

from unco.evals.ab.arm import parse_arm
from unco.evals.ab.compare import compare_arms
from unco.evals.ab.experiment import Experiment
from unco.evals.formats.gold_lines import gold_from_dicts
from unco.evals.simulation import simulate
from unco.tools.extraction.tool import default_extractor
from unco.tools.llm.client import Mllm

TOKENS = ["Ann", "Lee", "joins", "NASA"]
POST = {
    "id": "1",
    "tokens": TOKENS,
    "entities": [{"start": 0, "stop": 2, "type": "PER"}, {"start": 3, "stop": 4, "type": "ORG"}],
}
gold = gold_from_dicts([("post 1", POST)], "posts")
extractor = default_extractor()
with simulate(gold, "gpt-4o") as server:
    experiment = Experiment(
        gold=tuple(gold),
        inputs=({"text": TOKENS, "id": "1"},),
        types=("PER", "LOC", "ORG", "OTHER"),
        small_model=lambda checkpoint, estimator: extractor,
        make_llm=lambda: Mllm(server.url, server.model),
    )
    arms = [parse_arm("type_threshold=-1,type=v1"), parse_arm("type_threshold=-1,type=v1-no-cot")]
    found = compare_arms(arms, experiment)
for arm in found.runs:
    print(arm.arm.name, "calls:", arm.usage.calls, "tokens out:", arm.usage.output_tokens)
print(getattr(found.others[0].difference["MNER"], "verdict", "not scored"))
