"""A virus scanner beside the mail: what it finds, and what becomes of mail while it is away."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from maildaemon.domain.policy import Treatment
from maildaemon.errors import FileUnscannableError, ScannerUnavailableError
from tests.service.shop import PNG, Shop, a_mail

# What is decided is the same everywhere; the marked ones bring all statements to PostgreSQL too.
pytestmark = pytest.mark.sqlite

VIRUS = b"\x89PNG\r\n\x1a\n a virus"


class FakeScanner:
    """Finds one content; may be away, slow, or unwilling."""

    place = "nowhere"

    def __init__(self) -> None:
        self.away = False
        self.unwilling = False
        self.asked = 0

    def scan(self, content: bytes) -> str | None:
        self.asked += 1
        if self.away:
            raise ScannerUnavailableError("nowhere: nobody answers")
        if self.unwilling:
            raise FileUnscannableError("nowhere: INSTREAM size limit exceeded.")
        return "Test.Virus" if content == VIRUS else None

    def ping(self) -> None:
        pass


class ScannedShop(Shop):
    """A shop that asks a scanner."""

    def open(self) -> None:
        super().open()
        if not hasattr(self, "scanner"):
            self.scanner = FakeScanner()
        self.desk = replace(self.desk, scanner=self.scanner)

    def treat(self, treatment: Treatment) -> None:
        files = replace(self.policy.attachments, unscanned=treatment)
        self.desk = replace(self.desk, policy=replace(self.policy, attachments=files))

    @property
    def verdicts(self) -> list[tuple[object, ...]]:
        return self.rows("select filename, verdict, reason from attachment order by id")


@pytest.fixture
def shop(tmp_path: Path) -> ScannedShop:
    shop = ScannedShop(tmp_path)
    shop.start()
    return shop


def with_files(*files: bytes, message_id: str = "c1@customer.example") -> bytes:
    named = ((f"{at}.png", "image/png", it) for at, it in enumerate(files))
    return a_mail(files=tuple(named), message_id=message_id)


@pytest.mark.postgresql
def test_malware_is_refused_told_and_its_bytes_are_not_kept(shop: ScannedShop) -> None:
    shop.write(with_files(PNG, VIRUS))
    shop.round()

    assert shop.verdicts == [("0.png", "accepted", None), ("1.png", "refused", "malware")]
    ((good,), (bad,)) = shop.rows("select sha256 from attachment order by id")
    assert shop.files.has(good)
    assert not shop.files.has(bad)
    assert shop.rows(
        "select held_until, dropped_at is null from attachment where reason = 'malware'"
    ) == [(None, 0)]
    (mail,) = shop.customers_got
    assert "virus scanner found harmful software" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    shop.close()


@pytest.mark.postgresql
def test_what_turns_out_to_be_malware_when_it_is_judged_again_is_kept_no_longer(
    shop: ScannedShop,
) -> None:
    shop.treat(Treatment.ACCEPT)
    shop.scanner.away = True
    uid = shop.write(with_files(VIRUS), "Junk")
    shop.round()
    assert shop.verdicts == [("0.png", "accepted", None)]
    shop.scanner.away = False
    shop.account.move("Junk", uid, "INBOX")
    shop.round()

    assert shop.rows("select reason, dropped_at is not null from attachment") == [("malware", 1)]
    with shop.store.read() as tx:
        assert not tx.records.holds_files([sha256(VIRUS).hexdigest()])


def test_a_mail_without_files_asks_no_scanner(shop: ScannedShop) -> None:
    shop.write(a_mail())
    shop.round()

    assert shop.scanner.asked == 0
    shop.close()


@pytest.mark.parametrize(
    ("treatment", "verdict"),
    [
        (Treatment.HOLD, ("0.png", "held", "scanner_unavailable")),
        (Treatment.REFUSE, ("0.png", "refused", "scanner_unavailable")),
        (Treatment.ACCEPT, ("0.png", "accepted", None)),
    ],
)
def test_while_the_scanner_is_away_files_are_treated_as_the_operator_says_and_mail_goes_on(
    shop: ScannedShop, treatment: Treatment, verdict: tuple[object, ...]
) -> None:
    shop.treat(treatment)
    shop.scanner.away = True
    shop.write(with_files(PNG))
    shop.round()

    assert shop.verdicts == [verdict]
    assert len(shop.customers_got) == 1
    (words,) = shop.customers_got
    told = "could not check it for viruses" in str(words.get_body(("plain",)))
    assert told is (treatment is Treatment.REFUSE)
    shop.close()


def test_that_the_scanner_is_away_is_told_once_and_no_longer_than_it_lasts(
    shop: ScannedShop, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "maildaemon")
    shop.scanner.away = True
    for number in (1, 2):
        shop.write(with_files(PNG, message_id=f"m{number}@customer.example"))
        shop.round()

    assert [row for (row,) in shop.rows("select name from concern")] == ["scanner:scanner"]
    assert [it.message for it in caplog.records].count("scanner.failed") == 1

    shop.scanner.away = False
    shop.write(with_files(PNG, message_id="m3@customer.example"))
    shop.round()

    assert shop.rows("select name from concern") == []
    assert "scanner.recovered" in [it.message for it in caplog.records]
    shop.close()


@pytest.mark.postgresql
def test_one_file_it_will_not_look_at_is_no_outage(shop: ScannedShop) -> None:
    shop.scanner.unwilling = True
    shop.write(with_files(PNG))
    shop.round()

    assert shop.verdicts == [("0.png", "held", "scanner_unavailable")]
    assert shop.rows("select name from concern") == []
    shop.close()


def test_a_slow_scanner_does_not_keep_the_mailbox(shop: ScannedShop) -> None:
    def slow(content: bytes) -> str | None:
        shop.wait(seconds=19)
        shop.scanner.asked += 1
        return None

    shop.scanner.scan = slow  # type: ignore[method-assign]
    shop.write(with_files(*(PNG + bytes([at]) for at in range(5))))
    shop.write(a_mail(sender="d@other.example", message_id="other@other.example"))
    shop.round()

    assert shop.scanner.asked == 3, "45 s for all files of a message"
    assert len(shop.customers_got) == 2
    assert [verdict for _, verdict, _ in shop.verdicts] == ["accepted"] * 3 + ["held"] * 2
    shop.close()


def test_nothing_is_scanned_within_a_transaction(shop: ScannedShop) -> None:
    def looks_into_the_database(content: bytes) -> str | None:
        with shop.sql.begin() as tx:
            tx.mailboxes.get(shop.desk.mailbox_id)
        return None

    shop.scanner.scan = looks_into_the_database  # type: ignore[method-assign]
    shop.write(with_files(PNG))
    shop.round()

    assert shop.verdicts == [("0.png", "accepted", None)]
    shop.close()
