"""What is sent, and to whom it can be."""

import pytest

from maildaemon.domain.delivery import ASKING, RESPONSE, TIMED, Section, is_writable, provider_id


def test_each_section_stands_in_a_response_or_is_a_mail_that_time_brings() -> None:
    assert TIMED == (
        Section.FOLLOW_UP,
        Section.CLOSING_SOON,
        Section.UPDATE,
        Section.LATE,
        Section.ESCALATED,
        Section.FEEDBACK,
    )
    assert (*RESPONSE, *TIMED) == tuple(Section)
    assert set(TIMED) > ASKING


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("2.0.0 OK queued as 4FbX2n1kQ9z8Yw7V", "4FbX2n1kQ9z8Yw7V"),
        ("2.0.0 OK queued as 4FbX2n1kQ9z8Yw7", ""),
        ("Ok 0102018f3c5a7b20-1f2e3d4c", "0102018f3c5a7b20-1f2e3d4c"),
        ("2.6.0 <AM0PR0602MB3D4E5F60@prod.outlook.com> [Hostname=x] Queued", "AM0PR0602MB3D4E5F60"),
        ("", ""),
    ],
)
def test_the_id_that_a_server_gave_is_the_last_long_word_of_its_reply(
    text: str, given: str
) -> None:
    assert provider_id(text) == given


@pytest.mark.parametrize(
    ("address", "writable"),
    [
        ("clara@customer.example", True),
        ("o'brien+shop@a-b.example", True),
        (f"{'a' * 240}@{'b' * 13}", True),
        (f"{'a' * 241}@{'b' * 13}", False),
        ("clara", False),
        ("@customer.example", False),
        ("clara@", False),
        ("a..b@customer.example", False),
        ('"a b"@customer.example', False),
        ("a@[127.0.0.1]", False),
    ],
)
def test_mail_goes_to_plain_addresses_alone(address: str, writable: bool) -> None:
    assert is_writable(address) is writable
