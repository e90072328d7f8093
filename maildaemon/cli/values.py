"""Types of arguments beyond those of click."""

import re
from datetime import UTC, datetime, timedelta

import click

_SPAN = re.compile(r"(\d{1,5})\s*([hdw])", re.ASCII)
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


class Instant(click.ParamType[datetime]):
    """An ISO 8601 date or time; without a zone it is local time."""

    name = "TIME"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Return an aware instant between 1970 and 2100."""
        if isinstance(value, datetime):
            return value
        try:
            at = datetime.fromisoformat(str(value)).astimezone()
        except (ValueError, OverflowError):
            self.fail(f"`{value}` is no time; write for example 2026-11-21T10:00+01:00", param, ctx)
        if not is_plausible(at):
            self.fail(f"`{value}` is not between 1970 and 2100", param, ctx)
        return at


class Past(Instant):
    """An ISO 8601 date or time, or how long ago: `12h`, `30d`, `8w`."""

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Return an aware instant."""
        span = _SPAN.fullmatch(str(value).strip())
        if span is None:
            return super().convert(value, param, ctx)
        return datetime.now(UTC) - timedelta(**{_UNITS[span[2]]: int(span[1])})


def is_plausible(at: datetime) -> bool:
    """Tell whether something can have happened at this time: dates in mail say anything."""
    return 1970 <= at.year < 2100  # noqa: PLR2004  what the sentence above says
