"""What of the configuration the decisions see."""

from datetime import UTC, date, datetime

import pytest

from maildaemon.domain.delivery import Section
from maildaemon.domain.policy import Mode, Notice, Reads
from maildaemon.settings import LogAddresses
from maildaemon.settings.policy import make_policy
from tests.unit.test_settings import MINIMAL, only_problem, policy_of, problems, read

COLLEAGUE = """\
  - name: anna
    address: anna@example.com
    reads: sent_only
    imap: {host: imap.example.com, username: anna, password: {env: ANNA_PASSWORD}}
"""


def with_mailbox(option: str) -> str:
    return MINIMAL.replace("    address:", f"    {option}\n    address:")


def test_a_mode_may_be_given_by_section() -> None:
    text = f"service: {{mode: {{default: live, notice: Shadow, refused_files: drafts}}}}\n{MINIMAL}"

    policy = policy_of(text)

    assert policy.mode is Mode.LIVE
    assert policy.modes == (
        (Section.REFUSED_FILES, Mode.DRAFTS),
        (Section.NOTICE, Mode.SHADOW),
    )
    assert str(read(text).service.mode) == "live, refused_files: drafts, notice: shadow"


@pytest.mark.parametrize("option", ["mode: drafts", "policy: {mode: drafts}"])
def test_a_mailbox_has_a_mode_of_its_own(option: str) -> None:
    text = f"service: {{mode: {{default: live, notice: shadow}}}}\n{with_mailbox(option)}"

    policy = policy_of(text)

    assert (policy.mode, policy.modes) == (Mode.DRAFTS, ())


@pytest.mark.parametrize(
    ("mode", "message"),
    [
        (
            "{default: live, refused: drafts}",
            "service.mode.refused: unknown section `refused`; did",
        ),
        ("{refused_files: drafts}", "service.mode: `default` is missing"),
        ("{default: on}", "service.mode.default: `on` is no choice here; known here: shadow"),
        ("lvie", "service.mode: `lvie` is no choice here; did you mean `live`?"),
        ("[live]", "service.mode: write one of shadow, drafts, live, not a list"),
        ("", "service.mode: nothing is given here"),
    ],
)
def test_a_wrong_mode_is_named(mode: str, message: str) -> None:
    assert message in only_problem(f"service:\n  mode: {mode}\n{MINIMAL}")


def test_a_mailbox_has_one_mode() -> None:
    text = with_mailbox("mode: live\n    policy: {mode: drafts}")

    assert "policy.mode: `mode` is also given beside `policy`; keep one" in only_problem(text)


def test_a_colleagues_account_needs_no_smtp() -> None:
    settings = read(MINIMAL + COLLEAGUE)

    assert [one.reads for one in settings.mailboxes] == [Reads.ALL, Reads.SENT_ONLY]
    assert make_policy(settings, settings.mailboxes[1]).reads is Reads.SENT_ONLY
    assert [name for name, _ in settings.mailboxes[1].servers] == ["imap"]


def test_a_colleague_whose_own_account_is_read_is_warned_there() -> None:
    settings = read(with_mailbox("staff: [Anna@example.com]") + COLLEAGUE)

    assert make_policy(settings, settings.mailboxes[0]).warned == ("anna@example.com",)


@pytest.mark.parametrize("option", ["smtp: {host: smtp.example.com}", "mode: live", "policy: {}"])
def test_nothing_is_sent_for_a_colleagues_account(option: str) -> None:
    name = option.partition(":")[0]

    problem = only_problem(f"{MINIMAL}{COLLEAGUE}    {option}\n")

    assert f"12:{7 + len(name)}: mailboxes[1].{name}: nothing is ever sent" in problem
    assert problem.endswith(f"take `{name}` out")


def test_a_mailbox_that_answers_needs_smtp() -> None:
    text = MINIMAL.partition("    smtp:")[0]

    assert only_problem(text).startswith("4:5: mailboxes[0].smtp: `smtp` is missing; add for")


def test_a_notice_lasts_whole_days_in_the_time_zone_of_the_shop() -> None:
    notices = "notices: [{from: 2026-12-22, until: 2027-01-02, template: holiday}]\n"

    in_rome = policy_of(f"{MINIMAL}{notices}hours: {{timezone: Europe/Rome}}\n")
    without_zone = policy_of(MINIMAL + notices)

    assert in_rome.notices == (
        Notice(
            template="holiday",
            starts_at=datetime(2026, 12, 21, 23, tzinfo=UTC),
            ends_at=datetime(2027, 1, 2, 23, tzinfo=UTC),
            last_day=date(2027, 1, 2),
        ),
    )
    assert without_zone.notices[0].starts_at == datetime(2026, 12, 22, tzinfo=UTC)
    assert without_zone.notices[0].ends_at == datetime(2027, 1, 3, tzinfo=UTC)


def test_notices_without_a_time_zone_are_said_to_be_in_utc() -> None:
    notices = "notices: [{from: 2026-12-22, until: 2027-01-02, template: holiday}]"
    (in_utc,) = read(f"{MINIMAL}{notices}\n").warnings

    assert str(in_utc).endswith(
        ":8:1: notices: these days begin and end in UTC; give `timezone` in `hours`, such as "
        "`Europe/Rome`"
    )
    assert [one.path for one in read(with_mailbox(f"policy: {{{notices}}}")).warnings] == [
        "mailboxes[0].policy.notices"
    ]
    for hours in ("hours: {timezone: UTC}", "hours: {timezone: Europe/Rome}"):
        assert read(f"{MINIMAL}{notices}\n{hours}\n").warnings == ()
        own = with_mailbox(f"policy: {{{notices}}}")
        assert read(f"{own}{hours}\n").warnings == ()


def test_a_notice_of_one_day_may_have_a_change_of_the_clock_in_it() -> None:
    policy = policy_of(
        f"{MINIMAL}notices: [{{from: 2026-10-25, until: 2026-10-25, template: fair}}]\n"
        "hours: {timezone: Europe/Rome}\n"
    )

    assert policy.notices[0].starts_at == datetime(2026, 10, 24, 22, tzinfo=UTC)
    assert policy.notices[0].ends_at == datetime(2026, 10, 25, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("notice", "message"),
    [
        ("{from: 2027-01-02, until: 2026-12-22, template: holiday}", "end before it begins"),
        (
            "{from: 2026-02-30, until: 2026-12-22, template: holiday}",
            "there is no day `2026-02-30`",
        ),
        ("{from: 22.12.2026, until: 2026-12-31, template: holiday}", "is no date; write year"),
        ("{until: 2026-12-22, template: holiday}", "`from` is missing; add"),
        ("{form: 2026-12-22, until: 2026-12-22, template: holiday}", "did you mean `from`?"),
        ("{from: 2026-12-22, until: 2026-12-22, template: ../x}", "is no short name"),
    ],
)
def test_a_wrong_notice_is_named(notice: str, message: str) -> None:
    found = problems(f"{MINIMAL}notices:\n  - {notice}\n")

    assert any(message in str(problem) for problem in found), found


def test_the_privacy_notice_is_a_page_of_the_web() -> None:
    policy = policy_of(f"{MINIMAL}privacy: {{notice: https://shop.example/privacy}}\n")

    assert policy.privacy_url == "https://shop.example/privacy"
    assert policy_of(MINIMAL).privacy_url is None


@pytest.mark.parametrize(
    "url", ["http://shop.example/", "shop.example", "https://", "'https://a b'", "'https://[x/'"]
)
def test_a_privacy_notice_that_is_no_such_page_is_refused(url: str) -> None:
    assert "web address" in only_problem(f"{MINIMAL}privacy:\n  notice: {url}\n")


def test_an_unknown_time_zone_gets_a_suggestion() -> None:
    assert only_problem(f"{MINIMAL}hours: {{timezone: Europe/Roma}}\n") == (
        "8:19: hours.timezone: no time zone is called `Europe/Roma`; did you mean `Europe/Rome`?"
    )


def test_alerts_go_to_a_command_given_as_words() -> None:
    settings = read(f"{MINIMAL}alerts: {{command: [/usr/bin/page, --now, 0123]}}\n")

    assert settings.alerts.command == ("/usr/bin/page", "--now", "0123")
    assert read(MINIMAL).alerts.command is None
    assert "expected a list" in only_problem(f"{MINIMAL}alerts: {{command: page --now}}\n")
    assert "the list is empty" in only_problem(f"{MINIMAL}alerts: {{command: []}}\n")


def test_addresses_in_the_log_are_as_the_operator_says() -> None:
    settings = read(f"service: {{log_addresses: hash}}\n{MINIMAL}")

    assert settings.service.log_addresses is LogAddresses.HASH
    assert read(MINIMAL).service.log_addresses is LogAddresses.FULL


def test_a_section_of_a_mailbox_replaces_the_general_one_as_a_whole() -> None:
    text = (
        with_mailbox("policy: {limits: {burst: 5}, privacy: , hours: {timezone: Europe/Rome}}")
        + "limits: {burst: 7, longest_delay: 1 hour}\nprivacy: {notice: https://shop.example/}\n"
        + "notices: [{from: 2026-12-22, until: 2026-12-23, template: holiday}]\n"
    )

    policy = policy_of(text)

    assert (policy.limits.burst, policy.limits.longest_delay.total_seconds()) == (5, 6 * 3600)
    assert policy.privacy_url == "https://shop.example/"
    assert policy.notices[0].starts_at == datetime(2026, 12, 21, 23, tzinfo=UTC)


def test_a_mistake_in_the_policy_of_a_mailbox_is_named_with_its_place() -> None:
    text = with_mailbox("policy:\n      limits: {burts: 5}\n      service: {}")

    wrong, unknown = (str(problem).partition("yaml:")[2] for problem in problems(text))
    assert wrong == (
        "6:16: mailboxes[0].policy.limits.burts: unknown option `burts`; did you mean `burst`?"
    )
    assert unknown == (
        "7:7: mailboxes[0].policy.service: unknown option `service`; known here: attachments, "
        "limits, languages, hours, notices, promises, escalation, follow_up, feedback, rules, "
        "order_numbers, partners, contacts, privacy, mode"
    )


@pytest.mark.parametrize(
    ("section", "where", "span"),
    [
        (
            "promises: {normal: {first_reply: 8760 open hours}}",
            "2:34: promises.normal.first_reply",
            "`8760 open hours` takes 168 years",
        ),
        (
            "feedback: {after: 900 business days}",
            "2:19: feedback.after",
            "`900 business days` takes 17 years",
        ),
        (
            "follow_up: [{after: 9 days, template: over}, {after: 530 open hours, resolve: on}]",
            "2:54: follow_up[1].after",
            "`530 open hours` takes 10 years",
        ),
    ],
)
def test_a_span_that_the_opening_times_make_endless_is_refused(
    section: str, where: str, span: str
) -> None:
    text = f"hours: {{open: {{mon: 09:00-10:00}}}}\n{section}\n{MINIMAL}"

    told = f"{where}: {span} by the opening times in `hours`; write less"
    assert only_problem(text) == told


def test_a_span_that_a_mailboxs_own_opening_times_make_endless_is_refused_where_it_stands() -> None:
    own = with_mailbox("policy: {hours: {open: {mon: 09:00-10:00}}}")
    text = f"promises: {{normal: {{first_reply: 9000 open hours}}}}\n{own}"

    assert "promises.normal.first_reply: `9000 open hours` takes" in only_problem(text)


def test_a_span_of_a_year_or_two_is_taken() -> None:
    text = "hours: {open: {mon: 09:00-10:00}}\nfeedback: {after: 90 open hours}\n" + MINIMAL

    assert policy_of(text).time.feedback is not None


def test_days_that_are_alike_may_be_named_together() -> None:
    text = "hours: {open: {mon-thu: 09:00-18:00, fri: 09:00-13:00}}\n" + MINIMAL

    days = policy_of(text).hours.week.days

    assert [bool(one) for one in days] == [True] * 5 + [False] * 2
    assert days[0] == days[3] != days[4]


@pytest.mark.parametrize(
    ("days", "told"),
    [
        (
            "mon-fri: 09:00-18:00, wed: 09:00-13:00",
            "hours.open.wed: `wed` is also in `mon-fri`; name each day once",
        ),
        (
            "mon-fryday: 09:00-18:00",
            "hours.open.mon-fryday: unknown day `mon-fryday`; known here: mon, tue, wed, thu, fri, sat",
        ),
        (
            "monday-friday: 09:00-18:00",
            "hours.open.monday-friday: unknown day `monday-friday`; did you mean `mon-fri`?",
        ),
        ("mon-fri: 9-18", "hours.open.mon-fri: `9-18` is no opening time; write `09:00-18:00`"),
        (
            "fri: 18:00-03:00, sat-sun: 02:00-09:00",
            "hours.open.sat-sun: `fri` closes at 03:00 on the next day, when `sat` is open",
        ),
    ],
)
def test_days_that_are_named_twice_or_wrongly_are_told_where_they_stand(
    days: str, told: str
) -> None:
    assert told in only_problem(f"hours: {{open: {{{days}}}}}\n{MINIMAL}")


def test_a_span_is_held_against_the_opening_times_of_a_range_of_days() -> None:
    text = "feedback: {after: 9000 open hours}\n" + MINIMAL

    told = "feedback.after: `9000 open hours` takes 17 years by the opening times in `hours`"
    assert told in only_problem("hours: {open: {mon-fri: 09:00-11:00}}\n" + text)
