"""The links of the question how it went."""

from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from maildaemon.domain.ratings import rating_links


def test_each_link_opens_a_mail_that_says_its_digit_and_nothing_else() -> None:
    links = rating_links("support@shop.example", "K7F3-Q2")

    assert links[0] == "mailto:support@shop.example?subject=%5B%23K7F3-Q2%5D&body=5"
    assert [link[-1] for link in links] == ["5", "4", "3", "2", "1"]
    assert len({link[:-1] for link in links}) == 1


@pytest.mark.parametrize(
    "address",
    [
        "support+md.aB-c_1@shop.example",
        "a&b=c?d#e%f@shop.example",
        "größe@käse.example",
        "o'neil/{x}|~@shop.example",
    ],
)
def test_a_link_goes_to_just_that_address(address: str) -> None:
    link = urlsplit(rating_links(address, "K7F3-Q2")[0])

    assert link.path.isascii()
    assert unquote(link.path) == address
    assert parse_qs(link.query) == {"subject": ["[#K7F3-Q2]"], "body": ["5"]}
    assert link.fragment == ""
