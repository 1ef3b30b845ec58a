"""A memory for each token: what one client's posts taught changes nothing for another's."""

import pytest

from tests.scripted import ANN, TOKENS, ScriptedLlm
from tests.serving.made import Made
from tests.tiny import extraction
from unco.tools.memory.file import open_store
from unco.tools.memory.memory import memories_in
from unco.types import Extraction, Post, Uncertainty

POSTS = [{"text": " ".join((*TOKENS, str(place)))} for place in range(8)]
"""Other words in each, as one in ten is asked about all the same."""


@pytest.fixture
def remembering(made: Made, monkeypatch: pytest.MonkeyPatch) -> Made:
    """Make a service with a file of memories, whose small model is slightly unsure of a type."""
    monkeypatch.setenv("UNCO_MEMORY", str(made.folder / "memory.db"))
    made.small = unsure_of_ann
    return made


def unsure_of_ann(post: Post) -> Extraction:
    assert isinstance(post.text, str)
    return extraction(tuple(post.text.split()), [(ANN, "PER", None, Uncertainty(0.1, 0.34, 0.1))])


def test_a_token_has_a_memory_of_its_own(remembering: Made) -> None:
    llm = remembering.llm
    assert isinstance(llm, ScriptedLlm)
    mine, yours = remembering.token("mine"), remembering.token("yours.too")
    with remembering.client() as client:
        for post in POSTS:
            assert client.post("/extract", json=post, headers=mine).status_code == 200
        asked = len(llm.asked)
        assert 0 < asked < len(POSTS)
        client.post("/extract", json=POSTS[0], headers=yours)
        assert len(llm.asked) == asked + 1
    assert memories_in(open_store(remembering.folder / "memory.db")) == ["mine", "yours.too"]


def test_no_client_chooses_a_memory(remembering: Made) -> None:
    with remembering.client() as client:
        answer = client.post("/extract", json=POSTS[0] | {"context": {"memory": "of another"}})
    assert answer.status_code == 422
    assert "each token has its own" in answer.json()["detail"]


def test_without_a_file_nothing_is_remembered(made: Made) -> None:
    with made.client() as client:
        assert client.post("/extract", json=POSTS[0]).status_code == 200
    assert not list(made.folder.glob("*.db"))


def test_reviews_are_remembered(remembering: Made) -> None:
    from tests.serving.made import WRONG

    remembering.answers(WRONG)
    edit = {"type": "edit", "args": {"args": {"value": "ORG"}}, "by": "Kim"}
    with remembering.client(reviews=True) as client:
        waits = client.post("/extract", json=POSTS[0] | {"context": {"review": ["rejected"]}})
        client.post(f"/reviews/{waits.json()['review']['id']}", json={"answers": [edit]})
    [item] = open_store(remembering.folder / "memory.db").search(("unco_memory", "open"))
    assert (item.value["name"], item.value["decided"], item.value["by"]) == ("ann", "ORG", "review")
