"""What each option does: another value of it, read from a configuration, and what comes of it."""

import base64
import io
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from maildaemon import bootstrap
from maildaemon.adapters import imap, smtp
from maildaemon.adapters.imap_folders import WantedFolders
from maildaemon.adapters.imap_login import ImapServer
from maildaemon.adapters.log import set_up_log
from maildaemon.adapters.smtp_session import SmtpAccount
from maildaemon.bootstrap import (
    make_composer,
    make_desk,
    make_mailbox,
    make_scanner,
    make_transport,
    open_store,
    raw_blobs,
)
from maildaemon.cli.invocation import choose_mailbox
from maildaemon.domain.actions import Assign, Forward
from maildaemon.domain.attachments import Verdict, judge
from maildaemon.domain.automatic import Silence
from maildaemon.domain.context import Decision
from maildaemon.domain.control import Control
from maildaemon.domain.decide import decide
from maildaemon.domain.delivery import Contacts
from maildaemon.domain.message import Address, Attachment, Message
from maildaemon.domain.pacing import Queue, next_slot
from maildaemon.domain.policy import Mode
from maildaemon.domain.threads import Status
from maildaemon.services.desk import Desk, log
from maildaemon.services.respond import draft_response
from maildaemon.settings import Settings, read_settings
from maildaemon.settings.policy import make_policy
from tests.builders import (
    ANNA,
    CLARA,
    NOW,
    TOOL,
    a_context,
    a_file,
    a_known,
    a_message,
    a_thread,
    knowing,
)
from tests.made_files import docx, zipped
from tests.service.shop import Shop, a_mail
from tests.unit.parsing import only_file, with_parts
from tests.unit.test_settings import MINIMAL, only_problem, policy_of, read, with_imap, with_smtp

# What an option does is the same on every database.
pytestmark = pytest.mark.sqlite

HELP = Address("", "help@example.com")
US = Address("", "support@example.com")
VOUCHED = {"Authentication-Results": "mx.example.com; dmarc=pass header.from=customer.example"}


def with_mailbox(option: str) -> str:
    return MINIMAL.replace("    address:", f"    {option}\n    address:")


def decided(text: str, message: Message | None = None, **known: Any) -> Decision:
    mail = message or a_message(to=(US,))
    return decide(mail, a_context(policy=policy_of(text), **known))


def reasons(options: str, *files: Attachment) -> list[str | None]:
    policy = policy_of(f"{MINIMAL}attachments: {{{options}}}\n").attachments
    return [one.reason for one in judge(files, policy)]


def in_folder(folder: Path, text: str) -> Settings:
    return read_settings(text, folder / "maildaemon.yaml")


# Colleagues, partners, customers in a hurry.

ALWAYS = "rules: [{name: all, when: {sender: [clara@customer.example]}, …}]\n"


def test_partners_are_found_by_name_and_written_to_at_their_address() -> None:
    partners = (
        "partners: [{name: other, address: o@x.example}, {name: smith, address: S@x.example}]\n"
    )
    rule = ALWAYS.replace("…", "forward: smith")

    actions = decided(f"{MINIMAL}{partners}{rule}").actions

    assert Forward("smith", "s@x.example") in actions
    problem = only_problem(f"{MINIMAL}partners: [{{name: The Smith, address: s@x.example}}]\n")
    assert "is no short name" in problem
    problem = only_problem(f"{MINIMAL}partners: [{{name: smith, address: Smith}}]\n")
    assert "is no mail address" in problem


def test_whom_rules_assign_to_is_told_and_counts_as_staff() -> None:
    text = f"{MINIMAL}{ALWAYS.replace('…', 'assign: Berta@shop.example')}"

    assert Assign("Berta@shop.example") in decided(text).actions
    assert policy_of(text).staff == {"berta@shop.example"}


def test_contacts_name_telephone_and_hours_where_it_is_urgent() -> None:
    contacts = "contacts: {telephone: 06 123, hours: Mon-Fri 9-18}\n"
    urgent = ALWAYS.replace("…", "set: {priority: urgent}")

    mail = decided(f"{MINIMAL}{contacts}{urgent}").mail
    calm = decided(f"{MINIMAL}{contacts}").mail
    only_number = decided(f"{MINIMAL}contacts: {{telephone: 06 123}}\n{urgent}").mail

    assert mail is not None
    assert mail.contacts == Contacts("06 123", "Mon-Fri 9-18")
    assert calm is not None
    assert calm.contacts is None
    assert only_number is not None
    assert only_number.contacts == Contacts("06 123")


# The daemon itself.


def test_data_dir_is_where_messages_are_kept(tmp_path: Path) -> None:
    settings = in_folder(tmp_path, f"service: {{data_dir: elsewhere/data}}\n{MINIMAL}")
    settings.service.data_dir.mkdir(parents=True)

    raw_blobs(settings).put(b"a message")

    assert [one for one in (tmp_path / "elsewhere/data/raw").rglob("*") if one.is_file()]


def test_mode_decides_what_becomes_of_a_mail() -> None:
    live = decided(f"service: {{mode: live}}\n{MINIMAL}").mail
    assert live is not None

    for text, mode in (
        (MINIMAL, Mode.SHADOW),
        (f"service: {{mode: live}}\n{MINIMAL}", Mode.LIVE),
        (f"service: {{mode: {{default: live, acknowledgement: drafts}}}}\n{MINIMAL}", Mode.DRAFTS),
        (f"service: {{mode: live}}\n{with_mailbox('mode: drafts')}", Mode.DRAFTS),
    ):
        assert policy_of(text).mode_of(live.sections) is mode


def test_reply_within_is_the_age_up_to_which_a_message_is_answered() -> None:
    late: dict[str, Any] = {"recorded_at": NOW + timedelta(hours=30)}

    assert decided(MINIMAL, **late).silence is Silence.TOO_OLD
    assert decided(f"service: {{reply_within: 31 hours}}\n{MINIMAL}", **late).silence is None


@pytest.fixture
def _the_log_stays_as_it_was() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("maildaemon")
    before = root.handlers[:], root.level, ours.level
    yield
    root.handlers[:], root.level, ours.level = before


@pytest.mark.usefixtures("_the_log_stays_as_it_was")
@pytest.mark.parametrize(
    ("option", "written"),
    [
        ("log_level: info", "shop.opened"),
        ("log_level: warning", ""),
        ("log_format: json", '"event": "shop.opened"'),
        ("log_addresses: domain", "…@example.com"),
    ],
)
def test_log_format_log_level_and_log_addresses_shape_the_log(option: str, written: str) -> None:
    service = read(f"service: {{{option}}}\n{MINIMAL}").service
    stream = io.StringIO()
    set_up_log(
        json_lines=service.log_format.value == "json",
        level=service.log_level.value,
        addresses=service.log_addresses.value,
        stream=stream,
    )

    log("shop.opened", by="anna@example.com")

    assert written in stream.getvalue()
    assert bool(stream.getvalue()) is bool(written)
    assert ("anna@" in stream.getvalue()) is (bool(written) and "addresses" not in option)


def test_templates_are_taken_from_ones_own_folder_first(tmp_path: Path) -> None:
    own = tmp_path / "texts" / "klingon"
    own.mkdir(parents=True)
    (own / "words.txt").write_text("")

    composer = make_composer(in_folder(tmp_path, f"service: {{templates: texts}}\n{MINIMAL}"))

    assert any("klingon" in remark for remark in composer.remarks())
    assert make_composer(in_folder(tmp_path, MINIMAL)).remarks() == ()


def test_the_database_is_where_its_url_says(tmp_path: Path) -> None:
    text = MINIMAL.replace("var/maildaemon.db", "records/of/mail.db")
    (tmp_path / "records/of").mkdir(parents=True)

    open_store(in_folder(tmp_path, text)).close()

    assert (tmp_path / "records/of/mail.db").stat().st_size > 0


# Mailboxes.


def test_a_mailbox_is_found_by_its_name() -> None:
    settings = read(MINIMAL.replace("name: support", "name: returns"))

    assert choose_mailbox(settings, "returns").address == "support@example.com"
    assert policy_of(MINIMAL.replace("name: support", "name: returns")).mailbox == "returns"


def test_only_mail_to_our_address_and_aliases_is_answered() -> None:
    to_help = a_message(to=(HELP,))

    assert decided(MINIMAL, to_help).silence is Silence.NOT_ADDRESSED_TO_US
    assert decided(with_mailbox("aliases: [help@example.com]"), to_help).silence is None
    other = MINIMAL.replace("address: support@", "address: help@")
    assert decided(other, to_help).silence is None


def test_display_name_stands_beside_our_address() -> None:
    policy = policy_of(with_mailbox("display_name: Example Shop"))

    assert policy.sender == Address("Example Shop", "support@example.com")


def test_staff_are_never_answered() -> None:
    from_anna = a_message(from_=ANNA, to=(US,), return_path=ANNA.address)

    assert decided(MINIMAL, from_anna).silence is None
    staff = with_mailbox(f"staff: [{ANNA.address}]")
    assert decided(staff, from_anna).silence is Silence.OWN_ADDRESS


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (MINIMAL, "it"),
        (with_mailbox("languages: [en, de]"), "en"),
        (with_mailbox("languages: [de, fr]"), "de"),
        (f"{MINIMAL}languages: {{default: de, supported: [de, en]}}\n", "de"),
        (f"{MINIMAL}languages: {{supported: [en, it]}}\n", "it"),
        (with_mailbox("policy: {languages: {supported: [en]}}"), "en"),
    ],
)
def test_languages_default_and_supported_choose_the_language_of_the_answer(
    text: str, language: str
) -> None:
    mail = decided(text, a_message(to=(US,), language="it")).mail

    assert mail is not None
    assert mail.language == language


def test_trust_reply_to_names_the_forms_whose_reply_to_is_the_customer() -> None:
    form = Address("", "form@example.com")
    message = a_message(from_=form, to=(US,), reply_to=(CLARA,), return_path=form.address)

    trusting = decided(with_mailbox("trust_reply_to: [form@example.com]"), message).mail
    careful = decided(MINIMAL, message).mail

    assert trusting is not None
    assert careful is not None
    assert (trusting.to, careful.to) == (CLARA, form)


def test_authserv_id_names_the_server_whose_word_is_believed() -> None:
    message = a_message(to=(US,), headers=VOUCHED)

    believed = decided(with_mailbox("authserv_id: mx.example.com"), message).mail
    strange = decided(with_mailbox("authserv_id: mx.elsewhere.example"), message).mail

    assert believed is not None
    assert strange is not None
    assert (believed.sender_known, strange.sender_known) == (True, False)


def test_echo_subject_never_keeps_the_subject_to_ourselves() -> None:
    known = decided(MINIMAL, sender_known=True).mail
    never = decided(with_mailbox("echo_subject: never"), sender_known=True).mail

    assert known is not None
    assert never is not None
    assert (known.echo_subject, never.echo_subject) == (True, False)


# Servers.


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Return what the adapters of both servers are made with."""
    given: list[object] = []
    monkeypatch.setattr(imap, "ImapMailbox", lambda *parts, **_: given.extend(parts))
    monkeypatch.setattr(smtp, "SmtpTransport", lambda *parts: given.extend(parts))
    return given


def imap_of(text: str, asked: list[object]) -> tuple[ImapServer, WantedFolders]:
    settings = read(text)
    make_mailbox(settings, settings.mailboxes[0])
    server, folders, *_ = asked
    assert isinstance(server, ImapServer)
    assert isinstance(folders, WantedFolders)
    return server, folders


def smtp_of(text: str, asked: list[object]) -> SmtpAccount:
    smtp = read(text).mailboxes[0].smtp
    assert smtp is not None
    make_transport(smtp)
    (account,) = asked
    assert isinstance(account, SmtpAccount)
    return account


def test_imap_is_reached_by_host_port_security_username_password_and_ca_file(
    asked: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "hunter2")
    login = "port: 1993, security: starttls, ca_file: ca.pem"
    text = with_imap(login).replace("username: support@example.com", "username: me")

    server, _ = imap_of(text.replace("SUPPORT_PASSWORD", "SECRET"), asked)

    assert (server.host, server.port, server.security) == ("imap.example.com", 1993, "starttls")
    assert server.secret is not None
    assert (server.username, server.secret()) == ("me", "hunter2")
    assert server.ca_file == Path("/etc/maildaemon/ca.pem")


def test_smtp_is_reached_by_host_port_security_username_password_and_ca_file(
    asked: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "hunter2")
    login = "port: 1587, security: starttls, ca_file: ca.pem"
    text = with_smtp(login).replace("username: support@example.com", "username: me")

    account = smtp_of(text.replace("SUPPORT_PASSWORD", "SECRET"), asked)

    assert (account.host, account.port, account.security) == ("smtp.example.com", 1587, "starttls")
    assert account.username == "me"
    assert account.secret is not None
    assert account.secret() == "hunter2"
    assert account.ca_file == Path("/etc/maildaemon/ca.pem")


def test_allow_insecure_lets_a_connection_be_unencrypted(asked: list[object]) -> None:
    assert "without encryption" in only_problem(with_smtp("security: none"))

    account = smtp_of(with_smtp("security: none, allow_insecure: yes"), asked)

    assert (account.security, account.port) == ("none", 25)
    asked.clear()
    server, _ = imap_of(with_imap("security: none, allow_insecure: yes"), asked)
    assert (server.security, server.port) == ("none", 143)


def test_the_folders_are_the_ones_that_are_named(asked: list[object]) -> None:
    names = "inbox: In, sent: Out, junk: Spam, drafts: Notes, folders: [Orders, Returns]"

    _, folders = imap_of(with_imap(names), asked)

    assert folders == WantedFolders(
        inbox="In", sent="Out", junk="Spam", drafts="Notes", others=("Orders", "Returns")
    )


# Files.


def test_max_file_size_is_the_largest_single_file() -> None:
    large = a_file(size=3_000_000)

    assert reasons("max_file_size: 2 MB", large) == ["too_large"]
    assert reasons("max_file_size: 3 MB", large) == [None]


def test_max_total_size_counts_all_files_together() -> None:
    files = [a_file(size=3_000_000, sha256=str(at) * 64) for at in range(3)]

    assert reasons("max_file_size: 4 MB, max_total_size: 7 MB", *files)[-1] == "total_too_large"
    assert reasons("max_file_size: 4 MB, max_total_size: 9 MB", *files) == [None, None, None]


def test_max_files_counts_them() -> None:
    files = [a_file(sha256=str(at) * 64) for at in range(3)]

    assert reasons("max_files: 2", *files) == [None, None, "too_many"]
    assert reasons("max_files: 3", *files) == [None, None, None]


def test_max_message_size_is_how_much_of_a_message_is_read(
    monkeypatch: pytest.MonkeyPatch, asked: list[object]
) -> None:
    text = f"{MINIMAL}attachments: {{max_message_size: 30 MB}}\n"

    imap_of(text, asked)

    assert policy_of(text).max_message_size == 30_000_000
    assert getattr(asked[2], "max_message", 0) > 30_000_000


def test_allowed_types_replace_the_usual_ones() -> None:
    assert reasons("allowed_types: [application/pdf]", a_file()) == ["type_not_allowed"]
    assert reasons("allowed_types: [image/*]", a_file()) == [None]


def test_blocked_extensions_replace_the_usual_ones() -> None:
    photo = a_file(filename="photo.jpg")

    assert reasons("blocked_extensions: [jpg]", photo) == ["extension_blocked"]
    assert reasons("blocked_extensions: [foo]", photo) == [None]
    policy = policy_of(f"{MINIMAL}attachments: {{blocked_extensions: [foo]}}\n").attachments
    (verdict,) = judge((TOOL,), policy)
    assert verdict.verdict is Verdict.REFUSED, "it is judged by what it is, too"


def found_in(**files: bytes) -> Attachment:
    """Return a zip with these in it, as the parser sees it (`_` in a name is a dot)."""
    raw = zipped({name.replace("_", "."): content for name, content in files.items()})
    return only_file(with_parts(attached("a.zip", raw)))


def attached(name: str, content: bytes) -> bytes:
    fields = f"Content-Disposition: attachment; filename={name}\nContent-Transfer-Encoding: base64"
    return fields.encode() + b"\n\n" + base64.encodebytes(content)


def test_archives_may_lie_in_each_other_as_deep_as_max_depth() -> None:
    nested = found_in(a_zip=zipped({"b.zip": zipped({"c.txt": b"c"})}))

    assert reasons("archives: {max_depth: 2}", nested) == ["archive_too_deep"]
    assert reasons("archives: {max_depth: 3}", nested) == [None]


def test_archives_may_hold_as_many_files_as_max_files() -> None:
    three = found_in(a_txt=b"a", b_txt=b"b", c_txt=b"c")

    assert reasons("archives: {max_files: 2}", three) == ["archive_bomb"]
    assert reasons("archives: {max_files: 3}", three) == [None]


def test_archives_may_unpack_to_as_much_as_max_size() -> None:
    large = found_in(a_txt=b"a lot " * 400_000)

    assert reasons("archives: {max_size: 2 MB}", large) == ["archive_bomb"]
    assert reasons("archives: {max_size: 3 MB}", large) == [None]


def test_archives_may_unpack_to_as_many_times_as_max_ratio() -> None:
    large = found_in(a_txt=b"a lot " * 2_000_000)

    assert reasons("archives: {max_ratio: 100}", large) == ["archive_bomb"]
    assert reasons("archives: {max_ratio: 2000}", large) == [None]


def test_encrypted_is_what_becomes_of_an_archive_with_a_password() -> None:
    locked = bytearray(zipped({"a.txt": b"a"}))
    locked[6] |= 1
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    file = only_file(with_parts(attached("a.zip", bytes(locked))))

    assert reasons("archives: {encrypted: accept}", file) == [None]
    assert reasons("archives: {encrypted: hold}", file) == ["archive_encrypted"]
    assert reasons("archives: {encrypted: refuse}", file) == ["archive_encrypted"]


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("/run/clamav/clamd.ctl", "/run/clamav/clamd.ctl"),
        ("clamd.sock", "/etc/maildaemon/clamd.sock"),
        ("clamav:3310", "clamav:3310"),
        ("127.0.0.1:3310", "127.0.0.1:3310"),
    ],
)
def test_the_scanner_is_asked_at_its_socket(written: str, place: str) -> None:
    settings = read(f"{MINIMAL}attachments: {{scanner: {{socket: {written}}}}}\n")

    scanner = make_scanner(settings, settings.mailboxes[0])

    assert scanner is not None
    assert scanner.place == place
    assert make_scanner(read(MINIMAL), settings.mailboxes[0]) is None


def test_unreachable_is_what_becomes_of_files_that_could_not_be_scanned() -> None:
    unscanned = a_file(findings=("unscanned",))

    def treated(treatment: str) -> list[str | None]:
        option = f"scanner: {{socket: /run/clamd, unreachable: {treatment}}}"
        return reasons(option, unscanned)

    assert treated("accept") == [None]
    assert treated("hold") == treated("refuse") == ["scanner_unavailable"]
    assert reasons("scanner: {socket: /run/clamd}", unscanned) == ["scanner_unavailable"]


def test_macros_is_what_becomes_of_office_files_with_programs_in_them() -> None:
    letter = only_file(with_parts(attached("a.docm", docx({"word/vbaProject.bin": b"VBA"}))))

    assert reasons("macros: accept", letter) == [None]
    assert reasons("macros: hold", letter) == ["macro"]
    assert reasons("macros: refuse", letter) == ["macro"]


def test_hold_days_are_how_long_refused_files_are_kept(tmp_path: Path) -> None:
    settings = in_folder(tmp_path, f"{MINIMAL}attachments: {{hold_days: 3}}\n")
    (tmp_path / "var").mkdir()
    store = open_store(settings)

    desk = make_desk(store, settings, settings.mailboxes[0], bytes(32))

    store.close()
    assert desk.hold_for == timedelta(days=3)


# Ceilings.


def test_per_address_silences_what_is_too_much_for_one_address() -> None:
    just_now: dict[str, Any] = {"sender_responses_at": (NOW - timedelta(minutes=5),)}

    assert decided(MINIMAL, **just_now).silence is Silence.SENDER_CEILING
    generous = f"{MINIMAL}limits: {{per_address: [2 in 10 minutes]}}\n"
    assert decided(generous, **just_now).silence is None


def test_per_thread_silences_what_is_too_much_for_one_conversation() -> None:
    thread = a_thread(responses_at=tuple(NOW - timedelta(hours=at) for at in (1, 2, 3)))
    message = a_message(to=(US,), in_reply_to=("c0@customer.example",))
    lookups = knowing(a_known(), threads=[thread])

    assert decided(MINIMAL, message, lookups=lookups).silence is Silence.THREAD_CEILING
    generous = f"{MINIMAL}limits: {{per_thread: 4 in 24 hours}}\n"
    assert decided(generous, message, lookups=lookups).silence is None


def test_reopen_within_is_how_long_an_answer_opens_a_thread_again() -> None:
    resolved = a_thread(status=Status.RESOLVED, resolved_at=NOW - timedelta(days=40))
    message = a_message(to=(US,), in_reply_to=("c0@customer.example",))
    lookups = knowing(a_known(), threads=[resolved])

    assert decided(MINIMAL, message, lookups=lookups).match.continues == resolved
    longer = f"{MINIMAL}limits: {{reopen_within: 50 days}}\n"
    assert decided(longer, message, lookups=lookups).match.thread == resolved


def test_same_subject_within_is_how_long_a_thread_is_known_by_its_subject(tmp_path: Path) -> None:
    for options, together in (("", True), ("limits: {same_subject_within: 1 day}\n", False)):
        shop = Shop(tmp_path / str(together), limits=policy_of(f"{MINIMAL}{options}").limits)
        shop.start()
        for number in (1, 2):
            shop.write(a_mail(subject="Ring too small", message_id=f"c{number}@x", date=shop.at))
            shop.receive()
            shop.process()
            shop.wait(days=2)
        assert len(shop.rows("select id from thread")) == (1 if together else 2)
        shop.close()


def test_plus_address_is_where_answers_to_automatic_mail_go() -> None:
    desk = Desk(1, policy_of(MINIMAL), bytes(32), timedelta(days=30))
    given = replace(desk, policy=policy_of(with_mailbox("plus_address: yes")))
    mail = decided(MINIMAL, a_message(to=(US,))).mail
    assert mail is not None

    drafts = [draft_response(one, a_message(), mail, "K7F3-Q2", NOW) for one in (desk, given)]

    assert drafts[0].reply_to is None
    assert (drafts[1].reply_to or "").startswith(f"{US.local_part}+k7f3q2.")


def next_in(options: str, queue: Queue) -> timedelta:
    """Return how long the next mail of a mailbox waits."""
    return next_slot(policy_of(f"{MINIMAL}limits: {{{options}}}\n").limits, queue, NOW) - NOW


def test_per_mailbox_and_burst_are_the_pace_of_a_mailbox() -> None:
    five_minutes_full = Queue(1, NOW, paced_until=NOW + timedelta(minutes=5))

    assert next_in("burst: 20", five_minutes_full) == timedelta(0)
    assert next_in("burst: 5", five_minutes_full) == timedelta(minutes=1)
    assert next_in("burst: 5, per_mailbox: 12 in 1 hour", five_minutes_full) == timedelta(0)
    assert next_in("burst: 1, per_mailbox: 12 in 1 hour", five_minutes_full) == timedelta(minutes=5)


def test_longest_delay_hurries_the_pace() -> None:
    full = Queue(4, NOW - timedelta(hours=1), paced_until=NOW + timedelta(hours=9), paced_at=NOW)
    pace = "burst: 1, per_mailbox: 1 in 1 hour"

    assert next_in(pace, full) == timedelta(hours=1)
    assert next_in(f"{pace}, longest_delay: 3 hours", full) == timedelta(minutes=25, seconds=30)


def test_idle_and_poll_every_are_how_often_a_mailbox_is_looked_at() -> None:
    settings = read(with_imap("idle: 2 minutes, poll_every: 90 seconds"))
    (mailbox,) = settings.mailboxes
    desk = Desk(1, make_policy(settings, mailbox), bytes(32), timedelta(days=30))

    crew = bootstrap._crew(settings, mailbox, desk, make_composer(settings), None)

    assert (crew.idle, crew.poll_every) == (timedelta(minutes=2), timedelta(seconds=90))


def test_control_lets_staff_steer_by_keywords_and_by_folders(tmp_path: Path) -> None:
    control = policy_of(f"{MINIMAL}control: {{keywords: yes, folders: yes}}").control
    shop = Shop(tmp_path, control=control)
    for _ in range(2):
        shop.round()
    shop.write(a_mail())
    for _ in range(2):
        shop.round()
    shown = shop.account.messages("INBOX")[0].flags
    shop.account.move("INBOX", 1, "Support/Resolved")
    shop.round()

    assert policy_of(MINIMAL).control == Control(keywords=False, folders=False)
    assert shown == {"$Waiting"}
    assert shop.rows("select status from thread") == [("resolved",)]
    shop.close()
