"""The ids by which a mail says what it answers, as clients and relays leave them."""

import pytest

from tests.unit.parsing import read, with_fields

FORMS = [
    b"<%s>",
    b"%s",
    b"< %s >",
    b"<%s> (Clara's message of Friday)",
    b"Your message of Sat, 21 Nov 2026 12:00:00 +0000 <%s>",
    b"Clara's message of Sat\n\t<%s>",
    b'"Clara" <%s>',
    b"=?utf-8?q?=3C%s=3E?=",
    b"<%s",
    b"%s>",
    b'"<%s>"',
    b"<%s>;",
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("field", [b"In-Reply-To", b"References"])
@pytest.mark.parametrize("cited", [b"c1@customer.example", b"a@b@customer.example"])
def test_an_id_is_read_however_it_is_cited(field: bytes, form: bytes, cited: bytes) -> None:
    message = read(with_fields(field + b": " + form % cited))

    assert message.cited == (cited.decode(),)


def test_an_id_that_a_relay_has_folded_is_one() -> None:
    message = read(with_fields(b"In-Reply-To: <c1@customer.\n example>"))

    assert message.cited == ("c1@customer.example",)


def test_without_brackets_each_of_many_ids_is_one() -> None:
    message = read(with_fields(b"References: a@x.example b@x.example,c@x.example"))

    assert message.references == ("a@x.example", "b@x.example", "c@x.example")


def test_references_that_were_cut_in_the_middle_lose_only_what_is_missing() -> None:
    message = read(with_fields(b"References: <a@x.example> <b@x.example> <c@x.exa"))

    assert message.references[:2] == ("a@x.example", "b@x.example")


@pytest.mark.parametrize(
    "field", [b"In-Reply-To: mumble mumble", b"In-Reply-To: Your message", b"References: <>"]
)
def test_what_is_no_id_cites_nothing(field: bytes) -> None:
    assert read(with_fields(field)).cited == ()
