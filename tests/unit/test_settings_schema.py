"""The JSON Schema for editors: it accepts what loads, and marks what is of the wrong type."""

import re
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from maildaemon.settings import example, json_schema
from tests.unit.test_settings import MINIMAL, problems
from tests.unit.test_settings_pages import uncommented
from tests.unit.test_settings_shop import SHOP


class Editor(yaml.SafeLoader):
    """Reads YAML 1.2 as editors do: only these plain words are no texts."""


Editor.yaml_implicit_resolvers = {}
for tag, pattern, first in (
    ("bool", "true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", "~|null|Null|NULL|", ("~", "n", "N", "")),
    ("int", "[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
):
    Editor.add_implicit_resolver(
        f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), [*first]
    )


def marks(text: str) -> list[str]:
    """Return what an editor would mark, by path."""
    parsed: Any = yaml.load(text, Loader=Editor)
    errors = Draft202012Validator(json_schema()).iter_errors(parsed)
    return sorted(error.json_path for error in errors)


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(json_schema())
    assert json_schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize(
    "text",
    [
        MINIMAL,
        MINIMAL + SHOP,
        MINIMAL + "hours: {open: {mon-thu: 09:00-18:00, fri: 09:00-13:00}}",
        example(),
        uncommented(),
    ],
    ids=["minimal", "shop", "a range of days", "example", "uncommented"],
)
def test_the_schema_accepts_what_loads(text: str) -> None:
    assert marks(text) == []


@pytest.mark.parametrize(
    ("option", "path"),
    [
        ("service: {mode: lvie}", "$.service.mode"),
        ("service: {mode: {default: live, refused: drafts}}", "$.service.mode"),
        ("service: {htpp: {port: 8080}}", "$.service"),
        ("service: {http: {}}", "$.service.http"),
        ("service: {reply_within: [24 hours]}", "$.service.reply_within"),
        ("limits: {burst: many}", "$.limits.burst"),
        ("limits: {burst: 0}", "$.limits.burst"),
        ("limits: {per_address: 3 in 24 hours}", "$.limits.per_address"),
        ("limits: 5", "$.limits"),
        ("languages: {supported: []}", "$.languages.supported"),
        ("hours: {open: {monday: 09:00-18:00}}", "$.hours.open"),
        ("hours: {open: {mon-friday: 09:00-18:00}}", "$.hours.open"),
        ("hours: {open: 09:00-18:00}", "$.hours.open"),
        ("notices: [{from: 2026-12-22, template: holiday}]", "$.notices[0]"),
        ("promises: {normal: {first_reply: {hours: 48}}}", "$.promises.normal"),
        ("escalation: [{after: 2 days}]", "$.escalation[0]"),
        ("follow_up: {after: 2 days, resolve: yes}", "$.follow_up"),
        ("follow_up: [{after: 2 days, resolve: maybe}]", "$.follow_up[0].resolve"),
        ("rules: [{name: x}]", "$.rules[0]"),
        ("rules: [{name: x, when: {in: [body]}}]", "$.rules[0].when.in[0]"),
        ("rules: [{name: x, when: {any: [a]}, need: [invoice]}]", "$.rules[0].need[0]"),
        ("order_numbers: [{name: x, pattern: x, checksum: crc}]", "$.order_numbers[0].checksum"),
        ("alerts: {command: page}", "$.alerts.command"),
        ("digest: {to: anna@example.com}", "$.digest"),
        ("include: rules.yaml", "$.include"),
        ("databse: {}", "$"),
    ],
)
def test_the_schema_marks_what_is_refused(option: str, path: str) -> None:
    text = f"{MINIMAL}{option}\n"

    assert len(problems(text)) > 0
    assert marks(text) == [path]


def test_a_mailbox_without_an_address_is_marked() -> None:
    text = MINIMAL.replace("    address: support@example.com\n", "")

    assert marks(text) == ["$.mailboxes[0]"]


def test_what_looks_like_a_number_may_stand_where_a_text_is_wanted() -> None:
    text = MINIMAL.replace("username: support@example.com", "username: 0123")

    assert marks(text) == []
