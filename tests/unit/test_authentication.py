"""Whom a response may go to, and what proves who wrote a message."""

import pytest

from maildaemon.domain.authentication import (
    aligned_pass,
    find_recipient,
    find_writer,
    organisation,
    same_organisation,
)
from maildaemon.domain.automatic import Silence
from maildaemon.domain.fields import plain
from maildaemon.domain.message import Address, Message
from tests.builders import CLARA, EVE, a_message, a_policy

FORM = Address("Contact form", "form@shop.example")
MX = "mx.shop.example"


# --- the recipient -------------------------------------------------------------------------


def test_a_response_goes_to_the_author() -> None:
    assert find_recipient(a_message(), a_policy()) == CLARA


def test_a_null_reverse_path_is_answered_by_silence() -> None:
    assert find_recipient(a_message(return_path=""), a_policy()) is Silence.NULL_REVERSE_PATH


def test_without_a_return_path_the_author_is_believed() -> None:
    assert find_recipient(a_message(return_path=None), a_policy()) == CLARA


def test_a_return_path_of_the_same_organisation_will_do() -> None:
    message = a_message(return_path="bounces+17@mail.customer.example")

    assert find_recipient(message, a_policy()) == CLARA


def test_a_return_path_of_somebody_else_needs_a_proof() -> None:
    message = a_message(return_path="x@mailer.example")
    proven = a_message(
        return_path="x@mailer.example",
        headers={"Authentication-Results": f"{MX}; dkim=pass header.d=customer.example"},
    )

    assert find_recipient(message, a_policy()) is Silence.AUTH_FAILED
    assert find_recipient(proven, a_policy()) is Silence.AUTH_FAILED
    assert find_recipient(proven, a_policy(authserv_id=MX)) == CLARA


@pytest.mark.parametrize(
    "message",
    [
        a_message(from_=None, return_path=None),
        a_message(from_=Address("Clara", "clara"), return_path=None),
        a_message(from_=Address("", ""), return_path=None),
        a_message(defects=("many_from",)),
    ],
)
def test_without_one_clear_author_there_is_nobody_to_answer(message: Message) -> None:
    assert find_recipient(message, a_policy()) is Silence.AUTH_FAILED


def test_a_reply_to_is_not_followed() -> None:
    assert find_recipient(a_message(reply_to=(EVE,)), a_policy()) == CLARA


# --- contact forms -------------------------------------------------------------------------


def test_whoever_filled_in_a_trusted_form_is_the_writer() -> None:
    policy = a_policy(trust_reply_to=frozenset({FORM.key}))
    message = a_message(from_=FORM, reply_to=(CLARA,), return_path="www-data@host.example")

    assert find_writer(message, policy) == CLARA
    assert find_recipient(message, policy) == CLARA
    assert find_recipient(message, a_policy()) is Silence.AUTH_FAILED


@pytest.mark.parametrize("reply_to", [(), (CLARA, EVE)])
def test_a_form_itself_is_never_answered(reply_to: tuple[Address, ...]) -> None:
    policy = a_policy(trust_reply_to=frozenset({FORM.key}))
    message = a_message(from_=FORM, reply_to=reply_to)

    assert find_writer(message, policy) is None
    assert find_recipient(message, policy) is Silence.AUTH_FAILED


def test_a_null_reverse_path_silences_a_form_too() -> None:
    policy = a_policy(trust_reply_to=frozenset({FORM.key}))
    message = a_message(from_=FORM, reply_to=(CLARA,), return_path="")

    assert find_recipient(message, policy) is Silence.NULL_REVERSE_PATH


# --- Authentication-Results ----------------------------------------------------------------


def vouched(*values: str, author: Address | None = CLARA, authserv_id: str | None = MX) -> bool:
    fields = tuple(("authentication-results", value) for value in values)
    return aligned_pass(a_message(fields=fields, from_=author), authserv_id)


@pytest.mark.parametrize(
    "result",
    [
        "dmarc=pass (p=NONE sp=NONE dis=NONE) header.from=customer.example",
        "dmarc=pass",
        "DMARC=Pass header.From=Customer.Example",
        "dkim=pass header.d=customer.example",
        "dkim=pass header.i=@mail.customer.example header.s=s1",
        "dkim/1 = pass header.d = customer.example",
        "spf=pass smtp.mailfrom=bounce@mail.customer.example",
        "spf=pass smtp.mailfrom=customer.example",
        "dkim=fail header.d=customer.example; spf=pass smtp.mailfrom=customer.example",
        'spf=pass smtp.mailfrom="odd name"@customer.example',
    ],
)
def test_our_own_server_vouches_for_the_author(result: str) -> None:
    assert vouched(f"{MX}; {result}")
    assert vouched(f"{MX} 1; {result}")


@pytest.mark.parametrize(
    "result",
    [
        "none",
        "",
        "dmarc=fail header.from=customer.example",
        "dmarc=none header.from=customer.example",
        "dmarc=pass header.from=elsewhere.example",
        "dkim=pass header.d=elsewhere.example",
        "dkim=pass",
        "spf=pass smtp.mailfrom=x@elsewhere.example",
        "spf=softfail smtp.mailfrom=x@customer.example",
        "spf=pass smtp.helo=customer.example",
        "iprev=pass policy.iprev=192.0.2.1",
        "x-new=pass header.from=customer.example",
        # Where DMARC fails, a signature of a relative does not help.
        "dkim=pass header.d=mail.customer.example; dmarc=fail header.from=customer.example",
        # What the sender chose must not look like a result.
        'spf=pass smtp.mailfrom="x; dmarc=pass header.from=customer.example"@elsewhere.example',
        "spf=fail (sender x; dmarc=pass header.from=customer.example)",
        'spf=fail (a "quote) smtp.mailfrom="; dmarc=pass "@elsewhere.example',
        "spf=fail (a (nested; dmarc=pass) comment; dmarc=pass",
    ],
)
def test_anything_else_is_no_proof(result: str) -> None:
    assert not vouched(f"{MX}; {result}")


def test_only_our_own_servers_word_counts_and_only_above_everybody_elses() -> None:
    ours, theirs = f"{MX}; dmarc=pass", "mx.elsewhere.example; dmarc=pass"

    assert vouched(f"{MX}; spf=none", ours)
    assert not vouched(theirs)
    assert not vouched(theirs, ours)
    assert not vouched("", ours)
    assert vouched(ours, theirs)


def test_nothing_is_proven_without_knowing_our_server_or_the_author() -> None:
    assert not vouched(f"{MX}; dmarc=pass", authserv_id=None)
    assert not vouched(f"{MX}; dmarc=pass", author=None)


def test_the_name_of_our_server_is_compared_without_case() -> None:
    assert vouched("MX.Shop.Example; dmarc=pass", authserv_id="mx.shop.example")


# --- names ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("mail.customer.example", "customer.example"),
        ("customer.example", "customer.example"),
        ("a.b.shop.co.uk", "shop.co.uk"),
        ("shop.com.br", "shop.com.br"),
        ("x.gov.it", "x.gov.it"),
        ("CUSTOMER.Example.", "customer.example"),
        ("localhost", "localhost"),
        ("", ""),
    ],
)
def test_the_organisation_of_a_domain(domain: str, expected: str) -> None:
    assert organisation(domain) == expected


def test_two_shops_under_one_registry_are_two_organisations() -> None:
    assert same_organisation("mail.one.co.uk", "one.co.uk")
    assert not same_organisation("one.co.uk", "two.co.uk")
    assert not same_organisation("", "")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a (comment (nested)) b", "a  b"),
        ('"held together; so=as not"', "held_together__so_as_not"),
        (r'"an \"inner\" quote" x', 'an_"inner"_quote x'),
        (r"(an \) inner bracket) x", "x"),
        ('(a "quote) b', "b"),
        ("(never closed", ""),
        (") x", "x"),
    ],
)
def test_comments_vanish_and_what_is_quoted_holds_together(value: str, expected: str) -> None:
    assert plain(value) == expected
