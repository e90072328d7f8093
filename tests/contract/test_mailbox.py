"""What every `Mailbox` does: the one in memory and the one on a real server, plain and with TLS."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Literal, Protocol

import pytest

from maildaemon.adapters.imap import ImapMailbox
from maildaemon.adapters.imap_folders import WantedFolders
from maildaemon.adapters.imap_login import ImapServer
from maildaemon.errors import MailboxRefusedError, MailboxUnavailableError
from maildaemon.ports import Fetched, FolderName, Mailbox, Role
from tests.fakes.mailbox import FakeAccount, FakeMailbox
from tests.servers.dovecot import Account, Dovecot
from tests.servers.relay import Relay

AT = datetime(2026, 3, 29, 1, 30, 15, tzinfo=UTC)
SOON = timedelta(seconds=10)
AT_ONCE = timedelta(0)


def mail(number: int = 1, body: str = "body") -> bytes:
    head = (
        f"From: a@example.net\r\nMessage-ID: <{number}@example.net>\r\nSubject: mail {number}\r\n"
    )
    return f"{head}\r\n{body}\r\n".encode()


class World(Protocol):
    """A mailbox and what happens to it from outside."""

    mailbox: Mailbox

    def another(
        self, *, sent: str | None = None, others: tuple[str, ...] = (), control: bool = False
    ) -> Mailbox: ...
    def put(self, raw: bytes, folder: str = "INBOX", at: datetime | None = None) -> None: ...
    def flag(self, uid: int, flag: str) -> None: ...
    def move(self, uid: int, target: str) -> None: ...
    def expunge(self, uid: int) -> None: ...
    def create(self, folder: str) -> None: ...
    def change_uidvalidity(self) -> None: ...
    def break_off(self) -> None: ...
    def messages(self, folder: str) -> list[tuple[int, frozenset[str], datetime, bytes]]: ...


class InMemory:
    def __init__(self) -> None:
        self.account = FakeAccount()
        self.mailbox: Mailbox = FakeMailbox(self.account)

    def another(
        self, *, sent: str | None = None, others: tuple[str, ...] = (), control: bool = False
    ) -> Mailbox:
        return FakeMailbox(self.account, sent=sent or "Sent", others=others, control=control)

    def put(self, raw: bytes, folder: str = "INBOX", at: datetime | None = None) -> None:
        self.account.deliver(raw, folder, at=at)

    def flag(self, uid: int, flag: str) -> None:
        self.account.flag("INBOX", uid, flag)

    def move(self, uid: int, target: str) -> None:
        self.account.move("INBOX", uid, target)

    def expunge(self, uid: int) -> None:
        self.account.expunge("INBOX", uid)

    def create(self, folder: str) -> None:
        self.account.create(folder)

    def change_uidvalidity(self) -> None:
        self.account.change_uidvalidity()

    def break_off(self) -> None:
        self.account.drop()

    def messages(self, folder: str) -> list[tuple[int, frozenset[str], datetime, bytes]]:
        return [
            (it.uid, it.flags, it.internal_date, it.raw) for it in self.account.messages(folder)
        ]


class OnDovecot:
    def __init__(
        self, account: Account, relay: Relay, security: Literal["tls", "starttls", "none"]
    ) -> None:
        self.account = account
        self._relay = relay
        self._security: Literal["tls", "starttls", "none"] = security
        self._opened: list[ImapMailbox] = []
        self.mailbox: Mailbox = self.another()

    def another(
        self, *, sent: str | None = None, others: tuple[str, ...] = (), control: bool = False
    ) -> Mailbox:
        server = ImapServer(
            "localhost",
            self._relay.port,
            self._security,
            self.account.user,
            lambda: self.account.password,
            ca_file=self.account.server.ca_file,
        )
        wanted = WantedFolders(sent=sent, others=others, control=control)
        self._opened.append(ImapMailbox(server, wanted, keywords=control))
        return self._opened[-1]

    def close(self) -> None:
        for mailbox in self._opened:
            mailbox.close()

    def put(self, raw: bytes, folder: str = "INBOX", at: datetime | None = None) -> None:
        self.account.file(raw, folder, at=at)

    def flag(self, uid: int, flag: str) -> None:
        self.account.flag("INBOX", uid, flag)

    def move(self, uid: int, target: str) -> None:
        self.account.move("INBOX", uid, target)

    def expunge(self, uid: int) -> None:
        self.account.expunge("INBOX", uid)

    def create(self, folder: str) -> None:
        self.account.create(folder)

    def change_uidvalidity(self) -> None:
        self.account.change_uidvalidity()

    def break_off(self) -> None:
        self._relay.cut()

    def messages(self, folder: str) -> list[tuple[int, frozenset[str], datetime, bytes]]:
        return [
            (it.uid, it.flags, it.internal_date, it.raw) for it in self.account.messages(folder)
        ]


@pytest.fixture(params=["memory", "tls", "starttls", "none"])
def world(request: pytest.FixtureRequest, dovecot: Dovecot) -> Iterator[World]:
    if request.param == "memory":
        yield InMemory()
        return
    with Relay(dovecot.imaps_port if request.param == "tls" else dovecot.imap_port) as relay:
        on_dovecot = OnDovecot(dovecot.account(), relay, request.param)
        yield on_dovecot
        on_dovecot.close()


@contextmanager
def meanwhile(action: Callable[[], None], after: float = 0.2) -> Iterator[None]:
    """Let something happen while the test is in a call."""
    timer = threading.Timer(after, action)
    timer.start()
    try:
        yield
    finally:
        timer.join()


def test_inbox_comes_first_and_special_folders_are_recognised(world: World) -> None:
    assert world.mailbox.folders() == (
        FolderName("INBOX", Role.INBOX),
        FolderName("Sent", Role.SENT),
        FolderName("Junk", Role.JUNK),
        FolderName("Drafts", Role.DRAFTS),
    )


def test_configured_folders_win_and_others_are_added(world: World) -> None:
    world.create("Gesendetes vom Büro & Co")
    world.create("Orders")
    mailbox = world.another(sent="Gesendetes vom Büro & Co", others=("Orders",))
    assert mailbox.folders() == (
        FolderName("INBOX", Role.INBOX),
        FolderName("Gesendetes vom Büro & Co", Role.SENT),
        FolderName("Junk", Role.JUNK),
        FolderName("Drafts", Role.DRAFTS),
        FolderName("Orders", Role.OTHER),
    )
    assert mailbox.examine("Gesendetes vom Büro & Co").messages == 0


def test_without_a_configured_folder_of_sent_mail_nothing_is_read(world: World) -> None:
    with pytest.raises(MailboxRefusedError) as refused:
        world.another(sent="Gesendet").folders()
    assert "'Gesendet'" in refused.value.what
    assert "Archive, Drafts, INBOX, Junk, Sent, Trash" in refused.value.advice


def test_a_further_folder_that_does_not_exist_is_left_out_and_told(world: World) -> None:
    world.create("Orders")
    mailbox = world.another(others=("Ordres", "Orders"))
    assert mailbox.missing_folders() == ()
    assert [it.name for it in mailbox.folders()] == ["INBOX", "Sent", "Junk", "Drafts", "Orders"]
    [(name, advice)] = mailbox.missing_folders()
    assert (name, "Archive, Drafts, INBOX, Junk, Orders, Sent, Trash" in advice) == ("Ordres", True)
    world.create("Ordres")
    assert "Ordres" in [it.name for it in mailbox.folders()]
    assert mailbox.missing_folders() == ()


def test_a_folder_tells_its_state(world: World) -> None:
    empty = world.mailbox.examine("INBOX")
    assert (empty.uidnext, empty.messages) == (1, 0)
    world.put(mail(1))
    world.put(mail(2))
    world.expunge(1)
    state = world.mailbox.examine("INBOX")
    assert (state.uidvalidity, state.uidnext, state.messages) == (empty.uidvalidity, 3, 1)


def test_an_unknown_folder_is_refused_with_those_that_exist(world: World) -> None:
    with pytest.raises(MailboxRefusedError) as refused:
        world.mailbox.examine("Nowhere")
    assert "Archive, Drafts, INBOX, Junk, Sent, Trash" in refused.value.advice
    assert world.mailbox.examine("INBOX").messages == 0


def test_messages_above_a_uid_are_listed_with_size_and_aware_date(world: World) -> None:
    for number in (1, 2, 3):
        world.put(mail(number), at=AT + timedelta(hours=number))
    listed = world.mailbox.list_after("INBOX", 1)
    assert [(it.uid, it.size, it.internal_date) for it in listed] == [
        (2, len(mail(2)), AT + timedelta(hours=2)),
        (3, len(mail(3)), AT + timedelta(hours=3)),
    ]


def test_the_last_message_is_not_listed_again(world: World) -> None:
    world.put(mail())
    assert world.mailbox.list_after("INBOX", 1) == ()
    assert world.mailbox.list_after("INBOX", 900) == ()
    assert world.mailbox.list_after("INBOX", 2**32 - 1) == ()


def test_a_message_that_arrived_since_the_last_look_is_listed(world: World) -> None:
    world.mailbox.examine("INBOX")
    assert world.mailbox.list_after("INBOX", 0) == ()
    world.put(mail())
    assert [it.uid for it in world.mailbox.list_after("INBOX", 0)] == [1]


def test_listing_by_date_is_exact_to_the_second(world: World) -> None:
    for number, seconds in enumerate((-86400, -1, 0, 1), start=1):
        world.put(mail(number), at=AT + timedelta(seconds=seconds))
    assert [it.uid for it in world.mailbox.list_since("INBOX", AT)] == [3, 4]


def test_messages_are_fetched_byte_for_byte(world: World) -> None:
    raws = [mail(1), mail(2, body=".\r\n..\r\n\t\xff)" * 3), mail(3, body="x" * 100_000), b"\r\n"]
    for raw in raws:
        world.put(raw)
    assert list(world.mailbox.fetch("INBOX", [1, 2, 3, 4])) == [
        Fetched(uid, raw) for uid, raw in enumerate(raws, start=1)
    ]


def test_more_messages_than_fit_into_a_batch_are_all_fetched(world: World) -> None:
    for number in range(1, 61):
        world.put(mail(number))
    uids = [it.uid for it in world.mailbox.list_after("INBOX", 0)]
    assert list(world.mailbox.fetch("INBOX", uids)) == [Fetched(uid, mail(uid)) for uid in uids]
    assert len(list(world.mailbox.fetch_headers("INBOX", uids))) == 60


def test_an_expunged_message_is_neither_listed_nor_yielded(world: World) -> None:
    for number in (1, 2, 3):
        world.put(mail(number))
    world.mailbox.examine("INBOX")
    world.expunge(2)
    assert [it.uid for it in world.mailbox.fetch("INBOX", [1, 2, 3, 99])] == [1, 3]
    assert [it.uid for it in world.mailbox.list_after("INBOX", 0)] == [1, 3]


def test_only_the_header_block_is_fetched_on_request(world: World) -> None:
    world.put(mail(body="secret"))
    [fetched] = world.mailbox.fetch_headers("INBOX", [1])
    assert fetched == Fetched(1, mail().partition(b"body")[0])


def test_one_field_of_each_header_is_fetched_on_request(world: World) -> None:
    bare = b"Subject: no id\r\n\r\nbody\r\n"
    folded = (
        b"Subject: x\r\nMessage-ID:\r\n <folded@x.example>\r\nFrom: a@x.example\r\n\r\nbody\r\n"
    )
    for raw in (bare, folded):
        world.put(raw)

    fetched = world.mailbox.fetch_headers("INBOX", [1, 2], "message-id")

    found = {one.uid: one.raw.strip() for one in fetched}
    assert found.get(1, b"") == b""
    assert found[2] == b"Message-ID:\r\n <folded@x.example>"


def test_reading_leaves_no_trace(world: World) -> None:
    world.put(mail(1))
    world.put(mail(2))
    world.flag(2, "\\Seen")
    before = world.messages("INBOX")
    world.mailbox.examine("INBOX")
    world.mailbox.list_after("INBOX", 0)
    world.mailbox.list_since("INBOX", AT)
    list(world.mailbox.fetch("INBOX", [1, 2]))
    list(world.mailbox.fetch_headers("INBOX", [1, 2]))
    assert world.messages("INBOX") == before


def test_a_copy_is_filed_as_read_with_its_date(world: World) -> None:
    raw = mail(body="grüße")
    world.mailbox.append("Sent", raw, AT)
    assert world.messages("Sent") == [(1, frozenset({"\\Seen"}), AT, raw)]


def test_a_draft_is_filed_as_a_draft_that_nobody_has_read(world: World) -> None:
    world.mailbox.append("Drafts", mail(), AT, draft=True)
    assert world.messages("Drafts") == [(1, frozenset({"\\Draft"}), AT, mail())]


def test_a_keyword_that_a_second_client_set_is_seen_and_only_what_has_changed_is_told(
    world: World,
) -> None:
    mailbox = world.another(control=True)
    for number in (1, 2):
        world.put(mail(number))
    known = mailbox.examine("INBOX").modseq
    assert known is not None
    assert mailbox.flags("INBOX", [1, 2, 9], None) == {1: frozenset(), 2: frozenset()}
    world.flag(2, "$Working")
    changed = mailbox.examine("INBOX").modseq

    assert changed is not None
    assert changed > known
    found = mailbox.flags("INBOX", [1, 2], known)
    assert found == {2: {"$Working"}}
    assert mailbox.flags("INBOX", [1, 2], changed) == {}


def test_keywords_are_set_and_taken_off_and_nothing_else_is_touched(world: World) -> None:
    world.put(mail())
    world.flag(1, "$label1")
    world.mailbox.examine("INBOX")
    assert world.mailbox.mark("INBOX", 1, ["$Waiting", "$Urgent"], [])
    assert world.mailbox.mark("INBOX", 1, ["$Working"], ["$Waiting"])
    # What somebody has just deleted is no trouble.
    assert world.mailbox.mark("INBOX", 77, ["$Working"], [])

    [(_, flags, _, raw)] = world.messages("INBOX")
    assert flags == {"$label1", "$Urgent", "$Working"}
    assert raw == mail()
    assert list(world.mailbox.fetch("INBOX", [1])) == [Fetched(1, mail())]


def test_what_was_numbered_anew_is_not_marked(world: World) -> None:
    world.put(mail())
    world.mailbox.examine("INBOX")
    world.change_uidvalidity()
    world.break_off()
    with pytest.raises(MailboxUnavailableError):
        world.mailbox.mark("INBOX", 1, ["$Working"], [])
    with pytest.raises(MailboxUnavailableError):
        world.mailbox.mark("INBOX", 1, ["$Working"], [])

    assert world.messages("INBOX")[0][1] == frozenset()


def test_exactly_one_message_is_deleted_and_what_others_have_marked_stays(world: World) -> None:
    for number in (1, 2, 3):
        world.put(mail(number))
    world.flag(1, "\\Deleted")
    world.mailbox.examine("INBOX")
    assert world.mailbox.can_delete()
    assert world.mailbox.delete("INBOX", 2)
    # What somebody has just deleted is no trouble.
    assert world.mailbox.delete("INBOX", 2)

    left = [(uid, flags) for uid, flags, _, _ in world.messages("INBOX")]
    assert left == [(1, {"\\Deleted"}), (3, frozenset())]
    assert list(world.mailbox.fetch("INBOX", [1, 2, 3])) == [
        Fetched(1, mail(1)),
        Fetched(3, mail(3)),
    ]


def test_what_was_numbered_anew_is_not_deleted(world: World) -> None:
    world.put(mail())
    world.mailbox.examine("INBOX")
    world.change_uidvalidity()
    world.break_off()
    for _ in range(2):
        with pytest.raises(MailboxUnavailableError):
            world.mailbox.delete("INBOX", 1)

    assert [raw for *_, raw in world.messages("INBOX")] == [mail()]


def test_the_folders_by_which_staff_steer_are_made_and_found(world: World) -> None:
    mailbox = world.another(control=True)
    roles = (Role.RESOLVED, Role.NO_AUTO, Role.URGENT, Role.WORKING)
    assert not {one.role for one in mailbox.folders()} & {*roles}
    mailbox.make_folders(roles[:1])
    mailbox.make_folders(roles)
    world.put(mail())
    world.move(1, "Support/Working")

    found = {one.role: one.name for one in mailbox.folders() if one.role in roles}
    assert found == {
        Role.RESOLVED: "Support/Resolved",
        Role.NO_AUTO: "Support/No-auto",
        Role.URGENT: "Support/Urgent",
        Role.WORKING: "Support/Working",
    }
    assert not {one.role for one in world.mailbox.folders()} & {*roles}
    mailbox.examine("Support/Working")
    assert [one.uid for one in mailbox.list_after("Support/Working", 0)] == [1]


def test_a_copy_for_a_missing_folder_is_refused(world: World) -> None:
    with pytest.raises(MailboxRefusedError, match="Nowhere"):
        world.mailbox.append("Nowhere", mail(), AT)


def test_the_first_wait_returns_at_once_because_news_may_have_come_before(world: World) -> None:
    assert world.mailbox.wait("INBOX", SOON) is True


def test_a_quiet_folder_is_waited_for_until_time_is_up(world: World) -> None:
    world.mailbox.examine("INBOX")
    begun = time.monotonic()
    assert world.mailbox.wait("INBOX", timedelta(seconds=0.3)) is False
    assert 0.25 < time.monotonic() - begun < 5


def test_a_message_that_arrives_during_the_wait_ends_it(world: World) -> None:
    world.mailbox.examine("INBOX")
    with meanwhile(lambda: world.put(mail())):
        assert world.mailbox.wait("INBOX", SOON) is True
    assert [it.uid for it in world.mailbox.list_after("INBOX", 0)] == [1]
    assert world.mailbox.wait("INBOX", AT_ONCE) is False


def test_a_message_that_arrived_between_the_last_look_and_the_wait_is_noticed_at_once(
    world: World,
) -> None:
    world.mailbox.examine("INBOX")
    for number in range(1, 11):
        world.mailbox.list_after("INBOX", 0)
        world.put(mail(number))
        begun = time.monotonic()
        assert world.mailbox.wait("INBOX", SOON) is True
        assert time.monotonic() - begun < 2


def test_a_message_announced_with_another_answer_is_noticed_at_once(world: World) -> None:
    world.put(mail(1))
    world.mailbox.examine("INBOX")
    world.mailbox.list_after("INBOX", 0)
    world.put(mail(2))
    # The server may announce the second message here, and never again.
    list(world.mailbox.fetch("INBOX", [1]))
    assert world.mailbox.wait("INBOX", SOON) is True


def test_a_wait_after_a_lost_connection_notices_what_came_meanwhile(world: World) -> None:
    world.mailbox.examine("INBOX")
    world.break_off()
    with pytest.raises(MailboxUnavailableError):
        world.mailbox.wait("INBOX", SOON)
    world.put(mail())
    assert world.mailbox.wait("INBOX", SOON) is True


def test_uids_of_another_uidvalidity_are_not_used(world: World) -> None:
    world.put(mail(1))
    world.put(mail(2))
    world.expunge(1)
    old = world.mailbox.examine("INBOX")
    world.change_uidvalidity()
    world.break_off()
    for _ in range(3):
        with pytest.raises(MailboxUnavailableError):
            list(world.mailbox.fetch("INBOX", [2]))
        with pytest.raises(MailboxUnavailableError):
            world.mailbox.list_after("INBOX", 0)
    assert world.mailbox.examine("INBOX").uidvalidity != old.uidvalidity
    assert list(world.mailbox.fetch("INBOX", [1, 2])) == [Fetched(1, mail(2))]


def test_a_lost_connection_is_an_error_once_and_then_a_new_one_is_opened(world: World) -> None:
    world.put(mail())
    world.mailbox.examine("INBOX")
    world.break_off()
    with pytest.raises(MailboxUnavailableError):
        world.mailbox.list_after("INBOX", 0)
    assert [it.uid for it in world.mailbox.list_after("INBOX", 0)] == [1]


def test_a_wait_can_be_interrupted_from_another_thread(world: World) -> None:
    world.mailbox.examine("INBOX")
    begun = time.monotonic()
    with meanwhile(world.mailbox.interrupt), pytest.raises(MailboxUnavailableError):
        world.mailbox.wait("INBOX", timedelta(minutes=5))
    assert time.monotonic() - begun < 5
    assert world.mailbox.examine("INBOX").messages == 0


def test_an_interruption_just_before_a_call_is_not_lost(world: World) -> None:
    world.mailbox.examine("INBOX")
    world.mailbox.interrupt()
    with pytest.raises(MailboxUnavailableError):
        world.mailbox.wait("INBOX", timedelta(minutes=5))
    assert world.mailbox.examine("INBOX").messages == 0


def test_an_interruption_before_the_first_call_is_not_lost(world: World) -> None:
    world.mailbox.interrupt()
    with pytest.raises(MailboxUnavailableError, match="interrupted"):
        world.mailbox.wait("INBOX", timedelta(minutes=5))
    assert world.mailbox.examine("INBOX").messages == 0


def test_a_closed_mailbox_opens_itself_again(world: World) -> None:
    world.mailbox.examine("INBOX")
    world.mailbox.close()
    world.mailbox.close()
    assert world.mailbox.examine("INBOX").messages == 0


def test_closing_a_broken_mailbox_raises_nothing(world: World) -> None:
    world.mailbox.examine("INBOX")
    world.break_off()
    world.mailbox.close()
