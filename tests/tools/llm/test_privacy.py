"""The privacy policy: which hosts may be asked about what."""

import pytest

from unco.errors import Unavailable
from unco.tools.llm.privacy import Privacy, host_of, is_local
from unco.tools.llm.request import Purpose
from unco.types import Attribute

REMOTE, LOCAL = "https://api.example.com/v1", "http://127.0.0.1:8000/v1"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_this_machine(host: str) -> None:
    assert is_local(host)


@pytest.mark.parametrize("host", ["localhost.evil.com", "10.0.0.1", "192.168.1.1", "0.0.0.0", "", "127.0.0.1.evil.com"])
def test_not_this_machine(host: str) -> None:
    assert not is_local(host)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://LocalHost:1/v1", "localhost"),
        ("http://[::1]:80", "::1"),
        ("https://user@api.example.com/", "api.example.com"),
    ],
)
def test_the_host_of_an_address(url: str, host: str) -> None:
    assert host_of(url) == host


def allowed(privacy: Privacy, url: str, attribute: Attribute | None, private: bool = False) -> bool:
    try:
        privacy.check(url, Purpose(attribute=attribute, private=private))
    except Unavailable:
        return False
    return True


def test_by_default_only_private_posts_stay() -> None:
    assert allowed(Privacy(), REMOTE, "region")
    assert not allowed(Privacy(), REMOTE, "region", private=True)
    assert allowed(Privacy(), LOCAL, "region", private=True)


def test_each_attribute_has_its_rule() -> None:
    privacy = Privacy(type=("api.example.com",), region="local")
    asked: list[Attribute] = ["span", "type", "region"]
    assert [allowed(privacy, REMOTE, attribute) for attribute in asked] == [True, True, False]
    assert [allowed(privacy, LOCAL, attribute) for attribute in asked] == [True, False, True]


def test_a_question_about_the_whole_post_needs_all_three() -> None:
    assert not allowed(Privacy(region="local"), REMOTE, None)
    assert allowed(Privacy(region="local"), LOCAL, None)


def test_a_private_post_keeps_the_attributes_rule_as_well() -> None:
    privacy = Privacy(span="local", private_posts="any")
    assert not allowed(privacy, REMOTE, "span", private=True)
    assert allowed(privacy, REMOTE, "type", private=True)


def test_a_refusal_names_the_host_and_what_it_is_about() -> None:
    with pytest.raises(Unavailable, match="policy: host 'api.example.com' may not be asked about the region"):
        Privacy(region="local").check(REMOTE, Purpose(attribute="region"))
    with pytest.raises(Unavailable, match="policy: the post is private, and host 'api.example.com'"):
        Privacy().check(REMOTE, Purpose(attribute="span", private=True))
