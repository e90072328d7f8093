"""A calendar entry as a few readable lines, for mail that has no other text (RFC 5545)."""

import re
from datetime import datetime

MAX_EVENTS = 5
_MAX_LINES = 5_000

_FOLD = re.compile(r"\n[ \t]")
_ESCAPE = re.compile(r"\\([nN,;\\])")
_SHOWN = ("SUMMARY", "DTSTART", "DTEND", "LOCATION", "DESCRIPTION", "COMMENT")
_EVENTS = ("VEVENT", "VTODO", "VJOURNAL")


def calendar_to_text(source: str) -> str:
    """Return what an invitation or its answer says: what, when, where, and what is written."""
    events: list[dict[str, str]] = []
    inside = False
    for line in _FOLD.sub("", source).split("\n")[:_MAX_LINES]:
        head, _, value = line.partition(":")
        name, _, parameters = head.partition(";")
        name = name.strip().upper()
        if name in ("BEGIN", "END"):
            kind = value.strip().upper()
            inside = name == "BEGIN" and kind in _EVENTS
            if inside:
                events.append({})
        elif inside and name in _SHOWN and value.strip():
            events[-1].setdefault(name, _value(name, parameters, value.strip()))
    return "\n\n".join(filter(None, map(_lines, events[:MAX_EVENTS])))


def _value(name: str, parameters: str, value: str) -> str:
    if name in ("DTSTART", "DTEND"):
        return _moment(parameters, value)
    return _ESCAPE.sub(lambda escape: "\n" if escape[1] in "nN" else escape[1], value)


def _moment(parameters: str, value: str) -> str:
    """RFC 5545 §3.3.5: a date, perhaps a time, in the zone that is named or in UTC."""
    form = "%Y%m%dT%H%M%S" if "T" in value else "%Y%m%d"
    try:
        moment = datetime.strptime(value.removesuffix("Z"), form)  # noqa: DTZ007  # zone is shown
    except ValueError:
        return value
    shown = moment.strftime("%Y-%m-%d %H:%M" if "T" in value else "%Y-%m-%d")
    zone = re.search(r'TZID="?([^";:]{1,60})', parameters, re.IGNORECASE)
    return f"{shown} UTC" if value.endswith("Z") else f"{shown} {zone[1]}" if zone else shown


def _lines(event: dict[str, str]) -> str:
    when = " – ".join(event[name] for name in ("DTSTART", "DTEND") if name in event)
    told = (event.get("SUMMARY"), when, event.get("LOCATION"))
    written = (event.get("DESCRIPTION"), event.get("COMMENT"))
    return "\n".join(line for line in (*told, *written) if line)
