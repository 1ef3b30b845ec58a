"""Run a table of posts, and count what the small model is sure of and what is open."""

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from unco import Context
from unco.corpus.pipeline import Pipeline
from unco.corpus.run import Corpus, run_corpus
from unco.tools.extraction.tool import default_extractor
from unco.tools.llm.client import Mllm
from unco.types import Result

with TemporaryDirectory() as folder:
    posts, results = Path(folder) / "posts.csv", Path(folder) / "results.jsonl"
    posts.write_text("id,text\n1,Ann Lee joins NASA\n2,Oslo greets Bob Ross\n3,Nothing new here\n")
    pipeline = Pipeline(default_extractor(), Mllm(), Context(mode="off"))
    print(run_corpus(Corpus(posts, results), pipeline).summary())
    found = [Result.from_json(line) for line in results.read_bytes().splitlines()]
for result in found:
    outcomes = Counter(note.outcome for entity in result.entities for note in entity.corrections)
    print(result.id, [entity.text for entity in result.entities], dict(outcomes))
