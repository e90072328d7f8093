"""Which texts a policy makes necessary."""

from collections.abc import Iterator

from maildaemon.domain.delivery import Section
from maildaemon.domain.understanding import Priority
from maildaemon.settings.policies import PolicySections
from maildaemon.settings.promises import PromiseSettings


def reminders_of(policy: PolicySections) -> tuple[str, ...]:
    """Return the names of the reminders that a silent customer gets."""
    return tuple(step.template for step in policy.follow_up if step.template)


def timed_sections(policy: PolicySections) -> Iterator[Section]:
    """Yield what time may bring to a customer."""
    promises = [*_promises(policy)]
    reminders = reminders_of(policy)
    wanted = {
        Section.FOLLOW_UP: bool(reminders),
        Section.CLOSING_SOON: Section.CLOSING_SOON in reminders,
        Section.UPDATE: any(one.update_customer for one in promises),
        Section.LATE: any(one.tell_customer for one in promises),
        Section.ESCALATED: any(step.tell_customer for step in policy.escalation),
        Section.FEEDBACK: policy.feedback is not None,
    }
    yield from (section for section, is_wanted in wanted.items() if is_wanted)


def _promises(policy: PolicySections) -> Iterator[PromiseSettings]:
    for priority in Priority:
        promise: PromiseSettings | None = getattr(policy.promises, priority.value)
        if promise is not None:
            yield promise
