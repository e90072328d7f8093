"""What the answer of an identity server means."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from maildaemon.domain.grants import (
    Application,
    Refusal,
    Tokens,
    granted,
    read_tokens,
    renewed,
    what_is_refused,
)
from tests.builders import NOW

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("status", "error", "means"),
    [
        (400, "invalid_grant", Refusal.SIGN_IN),
        (400, "interaction_required", Refusal.SIGN_IN),
        (400, "temporarily_unavailable", Refusal.PASSES),
        (400, "slow_down", Refusal.PASSES),
        (400, "invalid_client", Refusal.APPLICATION),
        (499, "unauthorized_client", Refusal.APPLICATION),
        (429, "too many", Refusal.PASSES),
        (500, "invalid_client", Refusal.PASSES),
        (399, "invalid_client", Refusal.PASSES),
        (404, "", Refusal.PASSES),  # from something between us and the server
    ],
)
def test_only_what_an_identity_server_says_itself_calls_for_a_person(
    status: int, error: str, means: Refusal
) -> None:
    assert what_is_refused(status, error) is means


@pytest.mark.parametrize(
    ("answer", "tokens"),
    [
        ({"expires_in": 7200, "refresh_token": "r"}, Tokens("t", "r", 2 * HOUR, None)),
        ({"expires_in": "7200", "refresh_token": ""}, Tokens("t", None, 2 * HOUR, None)),
        ({"expires_in": 7200, "token_type": "Bearer"}, Tokens("t", None, 2 * HOUR, None)),
        ({"token_type": "mac"}, None),
        ({"access_token": "two words"}, None),
        ({"access_token": ""}, None),
        ({"access_token": 7}, None),
    ],
)
def test_a_token_is_taken_only_if_it_can_be_used_as_it_is(
    answer: dict[str, Any], tokens: Tokens | None
) -> None:
    assert read_tokens({"access_token": "t", **answer}) == tokens


@pytest.mark.parametrize("span", [True, 0, -1, "soon", None, 10**10])
def test_a_token_of_which_nobody_says_how_long_it_lives_lives_as_most_do(span: object) -> None:
    unsaid = read_tokens({"access_token": "t"})

    assert unsaid is not None
    assert read_tokens({"access_token": "t", "expires_in": span}) == unsaid


APPLICATION = Application("generic", "id", "https://id.example/token", "mail")


def test_a_sign_in_that_would_end_with_its_first_token_is_none() -> None:
    assert granted(APPLICATION, "support", "g1", Tokens("t"), NOW) is None
    assert granted(APPLICATION, "support", "g1", Tokens("t", "r"), NOW) is not None


def test_an_end_that_is_known_for_good_stays_while_nobody_names_another() -> None:
    first = granted(APPLICATION, "support", "g1", Tokens("t", "r"), NOW)
    assert first is not None
    ends = replace(first, ends_at=NOW + 9 * HOUR, ends_for_good=True)

    later = renewed(ends, APPLICATION, Tokens("t2"), NOW + HOUR)

    assert (later.ends_at, later.ends_for_good) == (NOW + 9 * HOUR, True)
    assert (later.refresh_token, later.access.value) == ("r", "t2")
