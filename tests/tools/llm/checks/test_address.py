"""Addresses: blanks around are stripped, and what programs read in different ways is refused in one line."""

import pytest

from unco.errors import SettingsError
from unco.tools.llm.checks.address import clean_address
from unco.tools.llm.client import Mllm


@pytest.mark.parametrize(
    "address",
    [
        "http://localhost:8000/v1",
        "HTTPS://API.example.com./v1/",
        "http://[::1]:8000/v1",
        "http://[fe80::1%25eth0]/v1",
        "http://127.0.0.1:80/v1",
        "http://my_service:8000/v1",
        "http://bücher.example/v1",
        "http://1and1.example",
        "http://host:/v1",
    ],
)
@pytest.mark.parametrize("blanks", [("", ""), (" ", "\r\n"), ("\ufeff\t", "\u200b \n")])
def test_an_address_stays_as_it_is_and_blanks_around_it_go(address: str, blanks: tuple[str, str]) -> None:
    before, after = blanks
    assert clean_address(f"{before}{address}{after}") == address
    assert Mllm(f"{before}{address}{after}", "small-vl").base_url == address


@pytest.mark.parametrize("copied", ["", "/", "/chat/completions", "/chat/completions/"])
def test_the_path_of_questions_is_no_part_of_an_address(copied: str) -> None:
    assert clean_address(f"https://host/v1{copied}").rstrip("/") == "https://host/v1"


@pytest.mark.parametrize(
    "address",
    [
        "http://0177.0.0.1/v1",
        "http://127.0.0.01/v1",
        "http://0x7f.0.0.1/v1",
        "http://127.0.0.0x1/v1",
        "http://2130706433/v1",
        "http://0x7f000001/v1",
        "http://127.1/v1",
        "http://1.2.3.4.5/v1",
        "http://256.0.0.1/v1",
        "http://１２７.0.0.1/v1",
        "http://local\thost/v1",
        "http://local\nhost/v1",
        "http://local host/v1",
        "http://host/v\r1",
        "http://host/v1\x00",
        "http://ho\ud800st/v1",
        "http://ho\u200bst/v 1",
        "http://[::1]x/v1",
        "http://[::1]x:80/v1",
        "http://[::1/v1",
        "http://::1]/v1",
        "http://[localhost]/v1",
        "http://[]/v1",
        f"http://{'a' * 64}.example/v1",
        f"http://{'a' * 300}/v1",
        f"http://{'.'.join(['a' * 60] * 5)}/v1",
        "http://a..b/v1",
        "http://.host/v1",
        "http://ho%73t/v1",
        "http://host\\@elsewhere/v1",
        "http://host/v1#part",
        "http://host:0/v1",
        "http://host:99999/v1",
        "http:///v1",
        "//host/v1",
    ],
)
def test_an_odd_address_is_refused_in_one_line_that_names_the_setting(address: str) -> None:
    with pytest.raises(SettingsError) as caught:
        clean_address(address, "MY_ADDRESS")
    assert str(caught.value) == "MY_ADDRESS must be like http://host:8000/v1 or https://host/v1"
