"""Score the predictions of a system on posts with gold."""

import unco
from unco.evals import score

GOLD = [
    {"id": "1", "tokens": ["Ann", "Lee", "joins", "NASA"], "entities": [(0, 2, "PER"), (3, 4, "ORG")]},
    {"id": "2", "tokens": ["Oslo", "greets", "Bob", "Ross"], "entities": [(0, 1, "LOC"), (2, 4, "PER")]},
    {
        "id": "3",
        "tokens": ["Orange", "beats", "Washington", "in", "Reading"],
        "entities": [(0, 1, "ORG"), (2, 3, "ORG"), (4, 5, "LOC")],
    },
]
gold = [
    {**post, "entities": [{"start": start, "stop": stop, "type": kind} for start, stop, kind in post["entities"]]}
    for post in GOLD
]
predictions = []
for post in gold:
    found = unco.extract(post["tokens"], context=unco.Context(mode="off"))
    entities = [
        {"start": one.span.start, "stop": one.span.stop, "type": one.type, "region": None} for one in found.entities
    ]
    predictions.append({"id": post["id"], "entities": entities})

tasks = score(gold, predictions)["schemes"]["gmner"]["tasks"]
mner = tasks["MNER"]
print("MNER F1", round(mner["f1"], 2), "from", round(mner["f1_low"], 2), "to", round(mner["f1_high"], 2))
