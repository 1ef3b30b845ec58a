"""Where the value of an answer stands in the text of a reply."""

import pytest

from unco.prompts.answer_place import place_of_value
from unco.types import Attribute


@pytest.mark.parametrize(
    ("text", "attribute", "value"),
    [
        ('{"reasoning_process": "x", "corrected_entity": "New Oslo"}', "span", "New Oslo"),
        ('{"Corrected entity" : "New Oslo"}', "span", "New Oslo"),
        ('{"corrected_type": "PER"}', "type", "PER"),
        ('```json\n{"corrected_type":"PER"}\n```', "type", "PER"),
        ('{"corrected_type": "PER"} or rather {"corrected_type": "ORG"}', "type", "ORG"),
        ('{"reasoning_process": "not \\"corrected_type\\": \\"LOC\\"", "corrected_type": "PER"}', "type", "PER"),
        ('{"corrected_bounding_box": [1, 2, 3, 4]}', "region", "[1, 2, 3, 4]"),
        ('{"bbox_2d": [1, 2, 3, 4]}', "region", "[1, 2, 3, 4]"),
        (
            '{"corrected_bounding_box": {"x1": 1, "y1": 2, "x2": 3, "y2": 4}}',
            "region",
            '{"x1": 1, "y1": 2, "x2": 3, "y2": 4}',
        ),
        ('{"corrected_bounding_box": null}', "region", "null"),
        ('{"candidate": 3, "corrected_bounding_box": null}', "region", "3"),
        ('{"candidate": null, "corrected_bounding_box": [1, 2, 3, 4]}', "region", "[1, 2, 3, 4]"),
        ('{"candidate": null, "corrected_bounding_box": null}', "region", "null"),
    ],
)
def test_the_value_is_found(text: str, attribute: Attribute, value: str) -> None:
    place = place_of_value(text, attribute)
    assert place is not None
    assert text[slice(*place)] == value


@pytest.mark.parametrize(
    "text", ["", "PER", "{'corrected_type': 'PER'}", '{"corrected_type": ', '{"type": "PER"}', '"' * 99]
)
def test_what_is_no_plain_json_has_no_place(text: str) -> None:
    assert place_of_value(text, "type") is None
