"""Dates and time zones as people write them."""

import difflib
import re
from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BeforeValidator, PlainSerializer, PlainValidator, WithJsonSchema

from maildaemon.settings.options import Kind, read_text


def _read_date(value: object) -> date:
    if type(value) is date:
        return value
    text = read_text(value)
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise ValueError(f"`{text}` is no date; write year, month and day: `2026-12-24`")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"there is no day `{text}`; look at the calendar") from None


def _read_zone(value: object) -> ZoneInfo:
    if isinstance(value, ZoneInfo):
        return value
    text = read_text(value)
    known = available_timezones()
    if text not in known:
        close = difflib.get_close_matches(text, sorted(known), n=1)
        advice = f"did you mean `{close[0]}`?" if close else "write for example `Europe/Rome`"
        raise ValueError(f"no time zone is called `{text}`; {advice}")
    return ZoneInfo(text)


Day = Annotated[
    date,
    BeforeValidator(_read_date),
    PlainSerializer(date.isoformat),
    WithJsonSchema({"type": "string", "examples": ["2026-12-24"]}),
    Kind("date"),
]
Zone = Annotated[
    ZoneInfo,
    PlainValidator(_read_zone),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "examples": ["Europe/Rome"]}),
    Kind("time zone"),
]
