"""Dates, time zones, times of day, opening times and countries as people write them."""

import difflib
import re
from datetime import date, time
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BeforeValidator, PlainSerializer, PlainValidator, WithJsonSchema

from maildaemon.domain.opening import DAYS, Opening, Week, parse_days, parse_openings, why_no_week
from maildaemon.settings.document import Block
from maildaemon.settings.options import Kind, WrongError, found, read_text, suggestion

# ISO 3166-1, the codes in use.
_COUNTRIES = frozenset(
    (
        "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ "
        "BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM "
        "DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS "
        "GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN "
        "KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ "
        "MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM "
        "PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV "
        "SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI "
        "VN VU WF WS YE YT ZA ZM ZW"
    ).split()
)
_OFTEN_MEANT = {"UK": "GB", "EN": "GB", "EL": "GR", "SP": "ES"}


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


def _read_time(value: object) -> time:
    if type(value) is time:
        return value
    text = read_text(value)
    match = re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", text)
    if match is None:
        raise ValueError(f"`{text}` is no time of the day; write for example `08:00`")
    return time(int(match[1]), int(match[2]))


def _read_country(value: object) -> str:
    text = read_text(value).upper()
    country, dash, region = text.partition("-")
    if country not in _COUNTRIES or bool(dash) != bool(region):
        meant = _OFTEN_MEANT.get(country)
        advice = f"did you mean `{meant}`?" if meant else "write two letters, such as `IT`"
        raise ValueError(f"`{text}` is no country; {advice} (a region follows: `DE-BY`)")
    return text


def _read_week(value: object) -> Week:
    if isinstance(value, Week):
        return value
    if not isinstance(value, Block):
        raise ValueError(f"expected days such as `{{mon-fri: 09:00-18:00}}`, found {found(value)}")  # noqa: TRY004 - pydantic's
    days: dict[str, tuple[Opening, ...]] = {}
    named: dict[str, str] = {}
    for key, openings in value.items():
        if (meant := parse_days(key)) is None:
            raise WrongError(f"unknown day `{key}`{suggestion(key, [*DAYS, 'mon-fri'])}", key)
        for day in meant:
            if day in named:
                raise WrongError(f"`{day}` is also in `{named[day]}`; name each day once", key)
            named[day] = key
        try:
            days |= dict.fromkeys(meant, parse_openings(read_text(openings)))
        except ValueError as error:
            raise WrongError(str(error), key) from error
    if why := why_no_week(days):
        raise WrongError(why[1], named[why[0]])
    return Week(tuple(days.get(day, ()) for day in DAYS))


def _write_week(week: Week) -> dict[str, str]:
    named = zip(DAYS, week.days, strict=True)
    return {day: " ".join(map(str, openings)) for day, openings in named if openings}


_ANY_DAY = "|".join(DAYS)
_OPENINGS = {"type": "string", "examples": ["09:00-18:00"]}
TimeOfDay = Annotated[
    time,
    BeforeValidator(_read_time),
    PlainSerializer(lambda at: f"{at:%H:%M}"),
    WithJsonSchema({"type": "string", "examples": ["08:00"]}),
    Kind("time of the day"),
]
Country = Annotated[str, BeforeValidator(_read_country), Kind("country code")]
OpeningTimes = Annotated[
    Week,
    PlainValidator(_read_week),
    PlainSerializer(_write_week),
    WithJsonSchema(
        {
            "type": "object",
            "properties": dict.fromkeys(DAYS, _OPENINGS),
            "patternProperties": {rf"^({_ANY_DAY})\s*[-–]\s*({_ANY_DAY})$": _OPENINGS},
            "additionalProperties": False,
        }
    ),
    Kind("opening times by day"),
]
