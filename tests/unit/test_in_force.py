"""What a daemon notes of its configuration comes back as it was."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from maildaemon.domain.in_force import InForce

SINCE = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
NOTED = InForce("live, refused_files: drafts", "ab12", "0.1.0", SINCE)


@pytest.mark.parametrize(
    "noted",
    [
        NOTED,
        replace(NOTED, home="ef", fence=3),
        replace(NOTED, reloads=False),
        NOTED.refused(SINCE),
    ],
)
def test_what_is_noted_is_read_as_it_was_written(noted: InForce) -> None:
    assert InForce.read(noted.written()) == noted


@pytest.mark.parametrize(
    "noted", ['{"mode": "live"}', NOTED.written().replace("+00:00", " UTC"), "[]", "live", "null"]
)
def test_what_another_version_has_noted_in_another_way_is_unknown(noted: str) -> None:
    assert InForce.read(noted) is None


def test_a_version_that_noted_less_is_taken_for_a_service() -> None:
    assert InForce.read(NOTED.written().replace(', "reloads": true', "")) == NOTED


def test_a_refusal_changes_nothing_but_when_it_was() -> None:
    assert NOTED.refused(SINCE) == replace(NOTED, refused_at=SINCE)
