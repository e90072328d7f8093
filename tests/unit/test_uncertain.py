"""What becomes of a mail that may or may not have been accepted, and that nobody has seen."""

from datetime import datetime, timedelta

from maildaemon.domain.delivery import Section
from maildaemon.domain.uncertain import Verdict, conclude_uncertain
from tests.builders import NOW

MINUTE = timedelta(minutes=1)
SEEN_BY = NOW + 15 * MINUTE
ACKNOWLEDGEMENT = (Section.ACKNOWLEDGEMENT,)
REFUSAL = (Section.REFUSED_FILES,)


def concluded(
    sections: tuple[Section, ...] = REFUSAL,
    *,
    at: datetime = SEEN_BY,
    horizon: datetime | None = SEEN_BY,
    server_files_sent: bool = False,
    resent: bool = False,
) -> tuple[Verdict, datetime]:
    return conclude_uncertain(
        sections, NOW, horizon, at, server_files_sent=server_files_sent, resent=resent
    )


def test_a_witness_is_waited_for_a_quarter_of_an_hour() -> None:
    assert concluded(at=NOW + MINUTE) == (Verdict.WAIT, SEEN_BY)
    assert concluded(at=SEEN_BY - timedelta(seconds=1)) == (Verdict.WAIT, SEEN_BY)


def test_nothing_is_concluded_before_sent_has_been_read_that_far() -> None:
    late = SEEN_BY + 60 * MINUTE

    assert concluded(at=late, horizon=SEEN_BY - MINUTE) == (Verdict.WAIT, late + MINUTE)


def test_an_acknowledgement_without_a_witness_is_given_up() -> None:
    assert concluded(ACKNOWLEDGEMENT) == (Verdict.UNKNOWN, SEEN_BY)
    assert concluded(ACKNOWLEDGEMENT + REFUSAL) == (Verdict.UNKNOWN, SEEN_BY)


def test_anything_else_is_sent_once_more_and_not_a_third_time() -> None:
    assert concluded() == (Verdict.RESEND, SEEN_BY)
    assert concluded(resent=True) == (Verdict.UNKNOWN, SEEN_BY)


def test_without_a_folder_for_sent_mail_only_time_decides() -> None:
    assert concluded(ACKNOWLEDGEMENT, horizon=None) == (Verdict.UNKNOWN, SEEN_BY)
    assert concluded(horizon=None) == (Verdict.RESEND, SEEN_BY)
    assert concluded(ACKNOWLEDGEMENT, horizon=None, server_files_sent=True)[0] is Verdict.UNKNOWN


def test_what_a_filing_server_has_not_filed_was_not_accepted_and_is_safe_to_send() -> None:
    assert concluded(ACKNOWLEDGEMENT, server_files_sent=True) == (Verdict.RESEND, SEEN_BY)
    assert concluded(server_files_sent=True, resent=True) == (Verdict.RESEND, SEEN_BY)
