"""What we sign, and what we take for ours."""

import re

import pytest

from maildaemon.domain.subjects import subject_tag
from maildaemon.domain.tokens import is_ours, issue_loop_token, issue_message_id, thread_reference

KEY = bytes(range(32))
OTHER_KEY = bytes(32)


def test_the_same_cause_gives_the_same_id_and_another_cause_another() -> None:
    first = issue_message_id(KEY, "cause", "shop.example")

    assert first == issue_message_id(KEY, "cause", "shop.example")
    assert first != issue_message_id(KEY, "another cause", "shop.example")
    assert first != issue_message_id(OTHER_KEY, "cause", "shop.example")


def test_an_id_is_made_of_what_every_server_can_find() -> None:
    token = issue_loop_token(KEY, "cause")

    assert issue_message_id(KEY, "cause", "shop.example") == f"{token}@shop.example"
    assert re.fullmatch(r"md\.[a-z2-7]{24}\.[a-z2-7]{26}", token)


def test_our_ids_and_loop_tokens_are_ours_however_they_come_back() -> None:
    message_id = issue_message_id(KEY, "cause", "shop.example")

    assert is_ours(KEY, message_id)
    assert is_ours(KEY, issue_loop_token(KEY, "cause"))
    assert is_ours(KEY, message_id.upper())
    assert is_ours(KEY, f" {message_id} ")
    # A relay may put its own name behind the @.
    assert is_ours(KEY, f"{issue_loop_token(KEY, 'cause')}@relay.example")


@pytest.mark.parametrize(
    "forge",
    [
        lambda token: "",
        lambda token: "md..",
        lambda token: "md",
        lambda token: token[:-1],
        lambda token: token + "a",
        lambda token: token.replace("md.", "xx."),
        lambda token: "md." + token[3:].partition(".")[2],
        lambda token: token[:3] + ("a" if token[3] != "a" else "b") + token[4:],
        lambda token: token.rpartition(".")[0] + "." + "a" * 26,
        lambda token: f"x@{token}",
        lambda token: token + "\ud800",
        lambda token: "md.\udcff." + token.rpartition(".")[2],
    ],
)
def test_s09_a_forged_token_is_not_ours(forge) -> None:  # type: ignore[no-untyped-def]
    assert not is_ours(KEY, forge(issue_loop_token(KEY, "cause")))


def test_another_installations_token_is_not_ours() -> None:
    assert not is_ours(KEY, issue_loop_token(OTHER_KEY, "cause"))


def test_a_thread_reference_is_short_unambiguous_and_another_at_each_attempt() -> None:
    references = [thread_reference(KEY, "cause", attempt) for attempt in range(50)]

    assert len({*references}) == 50
    assert references[0] == thread_reference(KEY, "cause", 0)
    for reference in references:
        assert re.fullmatch(r"[0-9A-Z]{4}-[0-9A-Z]{2}", reference)
        assert not {*reference} & {*"01OILU"}
        assert subject_tag(f"Re: My order [#{reference}]") == reference
