"""Whom a response may go to, and what proves who wrote a message."""

import pytest

from maildaemon.domain.authentication import (
    aligned_pass,
    find_authserv_id,
    find_recipient,
    find_writer,
    organisation,
    same_organisation,
)
from maildaemon.domain.automatic import Silence
from maildaemon.domain.decide import has_staff_powers
from maildaemon.domain.fields import plain
from maildaemon.domain.message import Address, Message
from tests.builders import CLARA, EVE, a_context, a_message, a_policy
from tests.unit.parsing import read

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
def test_s20_without_one_clear_author_there_is_nobody_to_answer(message: Message) -> None:
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


def read_with(*fields: str) -> Message:
    """A mail with this header, as it was received."""
    header = "".join(f"{one}\n" for one in fields)
    return read(f"{header}To: support@shop.example\nSubject: x\n\nHello\n".encode())


OTHER_FAILS = f"Authentication-Results: {MX}; dkim=fail header.d=x.example"
FROM_CLARA = "From: Clara <clara@customer.example>"
PASS = f"Authentication-Results: {MX}; dmarc=pass header.from=customer.example"


@pytest.mark.parametrize(
    "fields",
    [
        (PASS, FROM_CLARA),
        (PASS, "Received: from a by mx.shop.example; Fri, 20 Nov 2026 10:00:00 +0000", FROM_CLARA),
        # A filter in front of the mailbox writes below the line of the server itself.
        ("Received: from a by mx.shop.example; Fri, 20 Nov 2026 10:00:00 +0000", PASS, FROM_CLARA),
        (
            f"Authentication-Results: {MX};\n\tdmarc=pass\n  header.from=customer.example",
            FROM_CLARA,
        ),
        # One filter looks at SPF, another at signatures.
        (
            f"Authentication-Results: {MX}; spf=fail smtp.mailfrom=x@list.example",
            f"Authentication-Results: {MX}; dkim=pass header.d=customer.example",
            FROM_CLARA,
        ),
        (f"Authentication-Results: (a comment) {MX} 1 (v); dmarc=pass", FROM_CLARA),
        (
            f"{OTHER_FAILS}; dkim=pass header.d=customer.example",
            FROM_CLARA,
        ),
    ],
)
def test_the_word_of_our_server_is_found_where_servers_put_it(fields: tuple[str, ...]) -> None:
    assert aligned_pass(read_with(*fields), MX)


@pytest.mark.parametrize(
    "fields",
    [
        # Another name, or one that only looks like ours.
        ("Authentication-Results: mx.shop.example.evil.example; dmarc=pass", FROM_CLARA),
        ("Authentication-Results: evil.example; dmarc=pass", PASS, FROM_CLARA),
        ("Authentication-Results: mx.shop.example 2; dmarc=pass", FROM_CLARA),
        (f"Authentication-Results: {MX} evil; dmarc=pass", FROM_CLARA),
        ("Authentication-Results: mx.shop.exаmple; dmarc=pass", FROM_CLARA),
        # Copies under other names.
        (f"ARC-Authentication-Results: i=1; {MX}; dmarc=pass", FROM_CLARA),
        (f"X-Authentication-Results: {MX}; dmarc=pass", FROM_CLARA),
        (f"Original-Authentication-Results: {MX}; dmarc=pass", FROM_CLARA),
        (f"Received-SPF: pass ({MX}: domain of customer.example)", FROM_CLARA),
        # What stood in the mail before it came to our server.
        (
            f"Authentication-Results: {MX}; dmarc=fail header.from=customer.example",
            "Received: from evil by mx.shop.example; Fri, 20 Nov 2026 10:00:00 +0000",
            PASS,
            FROM_CLARA,
        ),
        (
            f"Authentication-Results: {MX}; spf=none",
            "Received: from evil by mx.shop.example; Fri, 20 Nov 2026 10:00:00 +0000",
            PASS,
            FROM_CLARA,
        ),
        (f"Authentication-Results: {MX}; dmarc=none", PASS, FROM_CLARA),
        (
            f"Authentication-Results: {MX}; dkim=none; spf=softfail smtp.mailfrom=x@customer.example",
            f"Authentication-Results: {MX}; dkim=pass header.d=customer.example",
            FROM_CLARA,
        ),
        # A neighbour under the same host.
        (
            f"Authentication-Results: {MX}; dkim=pass header.d=eve.host.example",
            "From: Clara <clara@anna.host.example>",
        ),
        (f"Authentication-Results: {MX}; spf=pass smtp.mailfrom=x@notcustomer.example", FROM_CLARA),
    ],
)
def test_s21_a_forged_word_of_our_server_is_not_believed(fields: tuple[str, ...]) -> None:
    assert not aligned_pass(read_with(*fields), MX)


@pytest.mark.parametrize(
    "author",
    [
        "From: Anna <anna@shop.example>, Eve <eve@elsewhere.example>",
        "From: anna@shop.example\nFrom: eve@elsewhere.example",
        "From: eve@elsewhere.example\nFrom: anna@shop.example",
        'From: "anna@shop.example" <eve@elsewhere.example>',
        "From: anna@shop.example <eve@elsewhere.example>",
        "From: <anna@shop.example> <eve@elsewhere.example>",
        "From: anna@shop.example@elsewhere.example",
        "From: <anna@shop.example@elsewhere.example>",
        "From: anna@shop.example, <eve@elsewhere.example>",
        "From: Staff: anna@shop.example, eve@elsewhere.example;",
        "From: Staff: eve@elsewhere.example;",
        "From: =?utf-8?q?anna=40shop=2Eexample?= <eve@elsewhere.example>",
        "From: anna@shop.example\\0@elsewhere.example",
        "From: (anna@shop.example) eve@elsewhere.example",
        "From: eve@elsewhere.example (anna@shop.example)",
        "From: anna@shoр.example",  # a Cyrillic letter
        "From: anna@xn--sho-dia.example",
        "From: anna@shop.example.elsewhere.example",
        "From: anna+x@shop.example.",
        "From:",
        "Sender: anna@shop.example",
    ],
)
def test_whatever_stands_in_from_eve_has_not_the_powers_of_staff(author: str) -> None:
    message = read_with(
        f"Authentication-Results: {MX}; dmarc=pass header.from=elsewhere.example; "
        "dkim=pass header.d=elsewhere.example; spf=pass smtp.mailfrom=eve@elsewhere.example",
        author,
    )

    assert not has_staff_powers(message, a_context(policy=a_policy(authserv_id=MX)))


def test_s20_a_group_in_from_proves_nothing() -> None:
    group = read_with(PASS, "From: People: Clara <clara@customer.example>;")

    assert not aligned_pass(group, MX)


def test_spf_alone_does_not_speak_for_staff() -> None:
    def powers(result: str) -> bool:
        message = read_with(f"Authentication-Results: {MX}; {result}", "From: anna@shop.example")
        return has_staff_powers(message, a_context(policy=a_policy(authserv_id=MX)))

    assert not powers("spf=pass smtp.mailfrom=anna@shop.example")
    assert powers("dkim=pass header.d=shop.example")
    assert powers("dmarc=pass header.from=shop.example")


def test_the_header_of_an_enclosed_mail_is_not_ours() -> None:
    message = read(
        FROM_CLARA.encode() + b"\nTo: support@shop.example\nMIME-Version: 1.0\n"
        b"Content-Type: message/rfc822\n\n"
        + PASS.encode()
        + b"\n"
        + FROM_CLARA.encode()
        + b"\n\nx\n"
    )

    assert not aligned_pass(message, MX)


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


# --- the name of our own server ----------------------------------------------------------------


def arrived(
    count: int, value: str = f"{MX} 1; spf=pass", senders: int = 4
) -> list[tuple[str, str]]:
    return [(value, f"mail.s{number % senders}.example") for number in range(count)]


def test_what_all_mail_bears_on_top_is_our_own_servers_name() -> None:
    assert find_authserv_id(arrived(10)) == MX
    assert find_authserv_id(arrived(10, f"(a; b) {MX.upper()}; dkim=pass")) == MX


@pytest.mark.parametrize(
    "mails",
    [
        arrived(9),
        arrived(10, senders=3),
        [*arrived(20), ("", "other.example")],
        [*arrived(20), ("evil.example; dmarc=pass", "other.example")],
        arrived(20, ""),
    ],
)
def test_a_name_that_others_may_have_written_is_not_taken_for_it(
    mails: list[tuple[str, str]],
) -> None:
    assert find_authserv_id(mails) is None
