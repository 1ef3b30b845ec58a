"""Score the predictions of a system on posts with gold."""

from typing import Any

import unco
from unco.evals import score

POSTS = [  # words, and for each name: first word, word after the last, type
    ("Ann Lee joins NASA", [(0, 2, "PER"), (3, 4, "ORG")]),
    ("Oslo greets Bob Ross", [(0, 1, "LOC"), (2, 4, "PER")]),
    ("Orange beats Washington in Reading", [(0, 1, "ORG"), (2, 3, "ORG"), (4, 5, "LOC")]),
]
gold: list[dict[str, Any]] = []
predictions: list[dict[str, Any]] = []
for number, (text, names) in enumerate(POSTS):
    right = [{"start": start, "stop": stop, "type": kind} for start, stop, kind in names]
    gold.append({"id": str(number), "tokens": text.split(), "entities": right})
    result = unco.extract(text.split(), context=unco.Context(mode="off"))
    found = [{"start": one.span.start, "stop": one.span.stop, "type": one.type} for one in result.entities]
    predictions.append({"id": str(number), "entities": [{**one, "region": None} for one in found]})

mner = score(gold, predictions)["schemes"]["gmner"]["tasks"]["MNER"]
print("MNER F1", round(mner["f1"], 2), "from", round(mner["f1_low"], 2), "to", round(mner["f1_high"], 2))
