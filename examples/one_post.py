"""Find the names in one post, and decide which of them a program may use without a person."""

import unco

result = unco.extract(
    "Eileen Collins commanded the Columbia for NASA",
    image="unco/demo/pictures/astronaut.jpg",
    context=unco.Context(mode="off"),  # leave this out to ask the MLLM that the environment names
)
for entity in result.entities:
    open_questions = [note.attribute for note in entity.corrections if note.outcome == "unavailable"]
    where = entity.region and (round(entity.region.x1), round(entity.region.y1))
    print(entity.text, entity.type, where, "check" if open_questions else "use", open_questions)
