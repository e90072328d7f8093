"""Says what is assumed where nobody has said when the shop works."""

from collections.abc import Iterator

from pydantic import BaseModel

from maildaemon.domain.spans import Counting, Span
from maildaemon.settings.document import Document, Loc
from maildaemon.settings.models import Settings
from maildaemon.settings.policies import PolicySections
from maildaemon.settings.promises import HourSettings

_TIMED = ("promises", "escalation", "follow_up", "feedback")
_NO_HOURS = (
    "without `hours` every Monday to Friday counts as a business day, all day, in UTC; give them, "
    "at least `hours: {timezone: Europe/Rome}`"
)
_UTC = "these days begin and end in UTC; give `timezone` in `hours`, such as `Europe/Rome`"


def warn_of_assumed_hours(settings: Settings, document: Document) -> None:
    """Add a problem for what counts by days that are perhaps not those of the shop."""
    for loc, policy in _policies(settings):
        hours = policy.hours if "hours" in policy.model_fields_set else settings.hours
        if "timezone" in hours.model_fields_set:
            continue
        named = hours != HourSettings()
        timed = [name for name in _TIMED if _counts_working_time(getattr(policy, name))]
        for name in (*(["notices"] if policy.notices else []), *timed[:1]):
            if (*loc, name) in document.keys:
                advice = _UTC if named or name == "notices" else _NO_HOURS
                document.complain((*loc, name), advice, document.nearest_key((*loc, name)))


def _policies(settings: Settings) -> Iterator[tuple[Loc, PolicySections]]:
    yield (), settings
    for index, mailbox in enumerate(settings.mailboxes):
        if mailbox.policy is not None:
            yield ("mailboxes", index, "policy"), mailbox.policy


def _counts_working_time(value: object) -> bool:
    match value:
        case Span(counting=counting):
            return counting is not Counting.ELAPSED
        case BaseModel():
            return any(_counts_working_time(inner) for _, inner in value)
        case tuple():
            return any(map(_counts_working_time, value))
        case _:
            return False
