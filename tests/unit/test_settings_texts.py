"""Which texts a policy makes necessary: those alone are looked for in a shop's own templates."""

import pytest

from maildaemon.bootstrap import make_composer
from maildaemon.domain.delivery import Section
from maildaemon.errors import OperatorError
from maildaemon.settings.texts import reminders_of, timed_sections
from tests.unit.test_settings import MINIMAL, read

STEP = "after: 3 days, to: [lead@example.com]"


@pytest.mark.parametrize(
    ("policy", "sections"),
    [
        ("", set()),
        ("promises: {normal: {first_reply: 2 days}}", set()),
        ("promises: {low: {first_reply: 2 days, tell_customer: yes}}", {Section.LATE}),
        ("promises: {urgent: {update_every: 2 days, update_customer: yes}}", {Section.UPDATE}),
        (f"escalation: [{{{STEP}}}]", set()),
        (f"escalation: [{{{STEP}, tell_customer: yes}}]", {Section.ESCALATED}),
        ("follow_up: [{after: 3 days, resolve: yes}]", set()),
        ("follow_up: [{after: 3 days, template: ring}]", {Section.FOLLOW_UP}),
        (
            "follow_up: [{after: 3 days, template: closing_soon}, {after: 4 days, resolve: yes}]",
            {Section.FOLLOW_UP, Section.CLOSING_SOON},
        ),
        ("feedback: {after: 1 day}", {Section.FEEDBACK}),
    ],
)
def test_the_mails_that_a_policy_can_bring(policy: str, sections: set[Section]) -> None:
    assert set(timed_sections(read(f"{policy}\n{MINIMAL}"))) == sections


def test_the_reminders_of_every_mailbox_need_words() -> None:
    own = "policy: {follow_up: [{after: 3 days, template: ring}]}"
    settings = read(MINIMAL.replace("    address:", f"    {own}\n    address:"))

    with pytest.raises(OperatorError, match="no text for the reminder 'ring'"):
        make_composer(settings).check()

    assert reminders_of(settings) == ()
