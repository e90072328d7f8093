"""The options of rules and order numbers: each is read into its value, and refused when wrong."""

from typing import Any

import pytest

from tests.unit.test_settings import MINIMAL, problems, read

RULE = "rules: [{name: x, when: {…}, mute: yes}]"
EFFECT = "rules: [{name: x, when: {any: [a]}, …}]"
ORDER = "order_numbers: [{name: order, pattern: '[0-9]+', …}]"
ONCE = "partners: [{name: seller, address: a@example.net}]\n"

# An option; where it stands; what is written; what it is read as; what is wrong; what is said.
OPTIONS = [
    (
        *("hours.open", "hours: {open: …}"),
        *("{sat: 9:00-13:00}", "{'sat': '09:00-13:00'}", "{sat: 9-13}", "is no opening time"),
    ),
    (
        "rules[].name",
        "rules: [{when: {any: [a]}, mute: yes, name: …}]",
        "a b",
        "a b",
        "''",
        "nothing",
    ),
    (
        *("rules[].when.any", RULE.replace("…", "any: …")),
        *("[broken, '/a+/']", "['broken', '/a+/']", "['/a*/']", "found in every text"),
    ),
    (
        "rules[].when.all",
        RULE.replace("…", "all: …"),
        "[a b]",
        "['a b']",
        "['/(/']",
        "no regular expression",
    ),
    ("rules[].when.none", RULE.replace("…", "none: …"), "[a]", "['a']", "a", "expected a list"),
    (
        *("rules[].when.in", RULE.replace("…", "any: [a], in: …")),
        *("[subject]", "['subject']", "[body]", "`body` is no choice here"),
    ),
    (
        *("rules[].when.sender", RULE.replace("…", "sender: …")),
        *("['/@bank[.]/']", "['/@bank[.]/']", "['']", "nothing is given here"),
    ),
    (
        *("rules[].when.recipient", RULE.replace("…", "recipient: …")),
        *("[a@b.example]", "['a@b.example']", "[anna]", "is no mail address"),
    ),
    (
        *("rules[].when.attachments", RULE.replace("…", "attachments: …")),
        *("[image/*]", "['image/*']", "[photos]", "is no media type"),
    ),
    (
        "rules[].when.language",
        RULE.replace("…", "language: …"),
        "[it]",
        "['it']",
        "[italian]",
        "no language",
    ),
    (
        "rules[].when.hours",
        RULE.replace("…", "hours: …"),
        "closed",
        "closed",
        "9-18",
        "is no choice here",
    ),
    (
        *("rules[].set.category", EFFECT.replace("…", "set: {category: …}")),
        *("shipping", "shipping", "''", "is no short name"),
    ),
    (
        *("rules[].set.priority", EFFECT.replace("…", "set: {priority: …}")),
        *("low", "low", "lowest", "did you mean `low`?"),
    ),
    (
        *("rules[].set.tags", EFFECT.replace("…", "set: {tags: …}")),
        *("[a, b]", "['a', 'b']", "[A B]", "is no short name"),
    ),
    (
        *("rules[].set.promise", EFFECT.replace("…", "set: {promise: …}")),
        *("urgent", "urgent", "quick", "is no choice here"),
    ),
    (
        "rules[].need",
        EFFECT.replace("…", "need: …"),
        "[photo]",
        "['photo']",
        "[invoice]",
        "no choice here",
    ),
    (
        *("rules[].faq[].title", EFFECT.replace("…", "faq: [{url: https://a.example/, title: …}]")),
        *("Returns", "Returns", "", "nothing is given here"),
    ),
    (
        *("rules[].faq[].url", EFFECT.replace("…", "faq: [{title: x, url: …}]")),
        *("https://a.example/x", "https://a.example/x", "a.example/x", "is no web address"),
    ),
    (
        "rules[].assign",
        EFFECT.replace("…", "assign: …"),
        "a@b.example",
        "a@b.example",
        "anna",
        "no mail address",
    ),
    (
        *("rules[].forward", ONCE + EFFECT.replace("…", "forward: …")),
        *("seller", "seller", "buyer", "no partner is called `buyer`"),
    ),
    ("rules[].mute", EFFECT.replace("…", "mute: …"), "yes", "True", "1", "neither `yes` nor `no`"),
    (
        *("rules[].after_answer", EFFECT.replace("…", "after_answer: …")),
        *("working", "working", "open", "`open` is no choice here"),
    ),
    (
        *("order_numbers[].name", "order_numbers: [{pattern: '[0-9]', name: …}]"),
        *("voucher", "voucher", "Voucher", "is no short name"),
    ),
    (
        *("order_numbers[].pattern", "order_numbers: [{name: order, pattern: …}]"),
        *("'#?([0-9]{6})'", "#?([0-9]{6})", "'(#)([0-9])'", "several groups"),
    ),
    (
        "order_numbers[].checksum",
        ORDER.replace("…", "checksum: …"),
        "mod97",
        "mod97",
        "crc",
        "no choice",
    ),
    (
        *("order_numbers[].lookup.csv", ORDER.replace("…", "lookup: {column: no, csv: …}")),
        *("orders.csv", "/etc/maildaemon/orders.csv", "~/o.csv", "`~` is not read here"),
    ),
    (
        *("order_numbers[].lookup.column", ORDER.replace("…", "lookup: {csv: o.csv, …}")),
        *("column: no", "no", "query: x", "give `csv` and `column`, or `database` and"),
    ),
    (
        *("order_numbers[].lookup.database", ORDER.replace("…", "lookup: {query: 'x :number', …}")),
        *("database: {env: DB}", "{'env': 'DB'}", "database: {evn: DB}", "did you mean `env`?"),
    ),
    (
        *(
            "order_numbers[].lookup.query",
            ORDER.replace("…", "lookup: {database: {env: A}, query: …}"),
        ),
        *("'SELECT :number'", "SELECT :number", "SELECT 1", "must ask for `:number`"),
    ),
]


def value_at(settings: Any, path: str) -> object:
    """Return what is shown of an option; of lists the first entry."""
    value = settings.model_dump(mode="json", exclude_none=True)
    for name in path.replace("[]", ".0").split("."):
        value = value[int(name)] if name == "0" else value[name]
    return value


@pytest.mark.parametrize(
    ("path", "frame", "written", "meant", "wrong", "said"),
    OPTIONS,
    ids=[option[0] for option in OPTIONS],
)
def test_an_option_is_read_into_its_value_and_refused_when_wrong(
    path: str, frame: str, written: str, meant: str, wrong: str, said: str
) -> None:
    settings = read(f"{MINIMAL}{frame.replace('…', written)}\n")

    assert meant in str(value_at(settings, path))
    found = problems(f"{MINIMAL}{frame.replace('…', wrong)}\n")
    assert any(said in problem.message for problem in found), found
