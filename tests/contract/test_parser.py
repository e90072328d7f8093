"""The parser in its process: what it promises whatever a message does to it."""

import base64
import os
import random
import re
import signal
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from maildaemon.adapters import worker
from maildaemon.adapters.worker import ProcessParser
from maildaemon.domain.message import Address, Message
from maildaemon.domain.reading import Findings, FoundWords, NumberPattern, Part, Search
from maildaemon.errors import ParserUnavailableError
from maildaemon.mail.parse import parse_message
from tests.fuzz.seeds import FOUND
from tests.servers.process import wait_until
from tests.unit import wrappers
from tests.unit.parsing import HEADER, READING, text, with_parts

PLAIN = HEADER + b"Content-Type: text/plain\n\nHello, where is my ring? It was due last week.\n"
MEGABYTE = 1024 * 1024


@pytest.fixture
def make() -> Iterator[Callable[..., ProcessParser]]:
    parsers: list[ProcessParser] = []

    def make(**limits: float) -> ProcessParser:
        parsers.append(ProcessParser(**limits))  # type: ignore[arg-type]
        return parsers[-1]

    yield make
    for parser in parsers:
        parser.close()


def process_of(parser: ProcessParser) -> int:
    assert parser._child is not None
    return parser._child._process.pid


def read(parser: ProcessParser, raw: bytes = PLAIN) -> Message:
    return parser.parse(raw, READING).message


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_what_comes_back_is_what_was_parsed(make: Callable[..., ProcessParser]) -> None:
    raw = with_parts(
        text("Grüße, wo ist mein Ring? \x00\ud7ff".encode()),
        b"Content-Type: image/png; name=a.png\nContent-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(random.Random(1).randbytes(3 * MEGABYTE)),
    )

    assert make().parse(raw, READING) == parse_message(raw, READING)


def test_a_part_that_is_kept_in_two_readings_crosses_the_pipes(
    make: Callable[..., ProcessParser],
) -> None:
    raw = (FOUND / "parser-one-part-kept-in-two-readings.eml").read_bytes()

    parsed = make().parse(raw, READING)

    assert not parsed.message.degraded
    assert sum(map(len, parsed.contents.values())) > len(raw)
    assert parsed == parse_message(raw, READING)


def test_one_process_serves_many_messages(make: Callable[..., ProcessParser]) -> None:
    parser = make()
    parser.start()
    first = read(parser)
    pid = process_of(parser)

    assert [read(parser) for _ in range(20)] == [first] * 20
    assert process_of(parser) == pid


def test_the_process_is_replaced_after_so_many_messages(
    make: Callable[..., ProcessParser],
) -> None:
    parser = make(recycle_after=3)
    pids = []
    for _ in range(7):
        read(parser)
        pids.append(process_of(parser))

    # After the third message of each process its successor is there already.
    assert len(set(pids)) == 3
    assert is_gone(pids[0])


def test_a_process_killed_between_two_messages_is_not_missed(
    make: Callable[..., ProcessParser],
) -> None:
    parser = make()
    expected = read(parser)
    os.kill(process_of(parser), signal.SIGKILL)

    assert read(parser) == expected


def test_a_process_killed_in_the_middle_costs_no_message(
    make: Callable[..., ProcessParser],
) -> None:
    parser = make()
    slow = (
        HEADER + b"Content-Type: text/plain; charset=x\n\n" + random.Random(1).randbytes(MEGABYTE)
    )
    expected = read(parser, slow)
    pid = process_of(parser)
    # Stopped, it is in the middle of the message for certain.
    os.kill(pid, signal.SIGSTOP)
    killer = threading.Timer(0.2, os.kill, (pid, signal.SIGKILL))
    killer.start()

    assert read(parser, slow) == expected
    assert process_of(parser) != pid
    killer.join()


def test_a_message_that_kills_every_process_becomes_a_degraded_record(
    make: Callable[..., ProcessParser],
) -> None:
    parser = make()
    read(parser)
    stop = threading.Event()

    def kill_whatever_works() -> None:
        while not stop.is_set():
            child = parser._child
            if child is not None and child._ready and child.parsed:
                child.kill()
            stop.wait(0.001)

    killer = threading.Thread(target=kill_whatever_works)
    killer.start()
    message = read(parser, PLAIN + b"x" * 20 * MEGABYTE)
    stop.set()
    killer.join()

    assert message.degraded
    assert message.defects == ("parser_died",)
    assert (message.subject, message.message_id) == ("The ring", "ring@customer.example")
    assert message.from_ == Address("Anna", "anna@customer.example")
    assert read(parser).degraded is False


def test_s27_a_message_that_needs_too_much_memory_becomes_a_degraded_record(
    make: Callable[..., ProcessParser],
) -> None:
    parser = make(memory=96 * MEGABYTE)
    large = with_parts(b"Content-Type: application/pdf\n\n" + b"x" * (30 * MEGABYTE))

    message = read(parser, large)

    assert message.degraded
    assert (message.subject, message.size) == ("The ring", len(large))
    assert read(parser).degraded is False


def test_a_message_that_takes_too_long_becomes_a_degraded_record(
    make: Callable[..., ProcessParser],
) -> None:
    parser = make(wall_seconds=1)
    read(parser)
    os.kill(process_of(parser), signal.SIGSTOP)

    message = read(parser)

    assert message.defects == ("parser_timeout",)
    assert message.degraded
    assert read(parser).degraded is False


def test_s27_a_message_that_eats_the_processor_becomes_a_degraded_record(
    make: Callable[..., ProcessParser],
) -> None:
    parser = make()
    read(parser)
    pid = process_of(parser)
    os.kill(pid, signal.SIGSTOP)
    # What the kernel sends to a process that has used up its time.
    os.kill(pid, signal.SIGXCPU)
    killer = threading.Timer(0.2, os.kill, (pid, signal.SIGCONT))
    killer.start()

    assert read(parser).defects == ("parser_timeout",)
    assert read(parser).degraded is False
    killer.join()


def test_each_message_has_its_own_share_of_processor_time_and_memory(
    make: Callable[..., ProcessParser],
) -> None:
    parser = make(cpu_seconds=7, memory=200 * MEGABYTE)
    read(parser)
    read(parser)

    pid = process_of(parser)
    limits = Path(f"/proc/{pid}/limits").read_text()
    used = sum(int(ticks) for ticks in Path(f"/proc/{pid}/stat").read_text().split()[13:15])
    seconds = used // os.sysconf("SC_CLK_TCK")
    assert re.search(rf"Max cpu time +{seconds + 8} ", limits)
    assert re.search(rf"Max address space +{200 * MEGABYTE} ", limits)
    assert re.search(r"Max core file size +0 ", limits)


def test_several_threads_share_one_process(make: Callable[..., ProcessParser]) -> None:
    parser = make()
    raws = [PLAIN.replace(b"The ring", b"Ring %d" % number) for number in range(40)]
    subjects: dict[int, str] = {}

    def work(start: int) -> None:
        for number in range(start, len(raws), 4):
            subjects[number] = read(parser, raws[number]).subject

    threads = [threading.Thread(target=work, args=(start,)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert subjects == {number: f"Ring {number}" for number in range(40)}


def test_closing_ends_the_process_and_a_message_under_way(
    make: Callable[..., ProcessParser],
) -> None:
    parser = make()
    read(parser)
    pid = process_of(parser)
    os.kill(pid, signal.SIGSTOP)
    closer = threading.Timer(0.2, parser.close)
    closer.start()

    with pytest.raises(ParserUnavailableError, match="closed"):
        read(parser)

    closer.join()
    assert is_gone(pid)


def test_a_process_that_cannot_start_is_a_temporary_failure_that_says_how_to_find_out(
    make: Callable[..., ProcessParser],
) -> None:
    with pytest.raises(ParserUnavailableError, match="worker_child"):
        read(make(memory=MEGABYTE))


def test_the_process_ends_with_its_parent(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    code = (
        "import os, sys; from maildaemon.adapters.worker import ProcessParser\n"
        "from maildaemon.domain.reading import Reading\n"
        "parser = ProcessParser(); parser.parse(b'Subject: x', Reading())\n"
        "open(sys.argv[1], 'w').write(str(parser._child._process.pid)); os._exit(1)"
    )
    os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-c", code, str(pid_file)])
    pid = int(pid_file.read_text())

    wait_until(lambda: is_gone(pid), 60, "the child is gone with its parent")


def test_the_process_knows_nothing_of_the_daemons_environment(
    make: Callable[..., ProcessParser], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUPPORT_PASSWORD", "secret")
    parser = make()
    read(parser)

    environment = Path(f"/proc/{process_of(parser)}/environ").read_bytes()
    assert b"PYTHONPATH" in environment
    assert b"SUPPORT_PASSWORD" not in environment


def test_ctrl_c_at_the_terminal_does_not_reach_the_process(
    make: Callable[..., ProcessParser],
) -> None:
    parser = make()
    read(parser)

    assert os.getsid(process_of(parser)) != os.getsid(0)


SLOW = "/(a+)+$/"
LOOKING = replace(READING, searches=(Search("ring"), Search(SLOW)))


def test_what_is_looked_for_is_found_in_the_process(make: Callable[..., ProcessParser]) -> None:
    message = make().parse(PLAIN, LOOKING).message

    assert message.found is not None
    assert message.found.words == (
        FoundWords("ring", Part.SUBJECT),
        FoundWords("ring", Part.TEXT),
    )
    assert message.found.asks is True


def test_s19_a_pattern_that_takes_too_long_costs_the_findings_and_not_the_mail(
    make: Callable[..., ProcessParser],
) -> None:
    parser = make()
    read(parser)
    began = time.monotonic()
    message = parser.parse(HEADER + b"\n" + b"a" * 5000 + b"!\n", LOOKING).message

    assert message.defects == ("patterns_timed_out",)
    assert message.found is None
    assert not message.degraded
    assert message.reply_text.startswith("aaaa")
    assert time.monotonic() - began < 20
    again = parser.parse(PLAIN, LOOKING).message
    assert again.found is not None
    assert again.found.words


def test_a_process_killed_while_it_looks_for_patterns_costs_nothing(
    make: Callable[..., ProcessParser], monkeypatch: pytest.MonkeyPatch
) -> None:
    parser = make()
    expected = parser.parse(PLAIN, LOOKING)
    findings = worker._Child.findings
    deaths: list[int] = []

    def die_once(child: worker._Child, seconds: float) -> tuple[Findings, Message | None]:
        if not deaths:
            deaths.append(child._process.pid)
            child.kill()
            child._process.wait()
            raise ConnectionError("the child has ended")
        return findings(child, seconds)

    monkeypatch.setattr(worker._Child, "findings", die_once)

    assert parser.parse(PLAIN, LOOKING) == expected
    assert is_gone(deaths[0])


CARD = "4111111111111111"
OF_OURS = replace(READING, numbers=(NumberPattern("order", r"\b4\d{15}\b"),))


def test_card_numbers_are_masked_in_the_process_but_for_the_shops_own(
    make: Callable[..., ProcessParser], monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = HEADER + f"\nIt is about {CARD}, my card is 5555 5555 5555 4444.\n".encode()
    parser = make()
    # What the daemon itself masks is no more than a scan finds.
    monkeypatch.setattr(worker, "without_cards_of", None)

    assert parser.parse(raw, READING) == parse_message(raw, READING)
    ours = parser.parse(raw, OF_OURS)

    assert ours == parse_message(raw, OF_OURS)
    assert CARD in ours.message.text
    assert "5555 5555 5555 4444" not in ours.message.text


def test_of_a_message_that_only_a_scan_has_read_card_numbers_are_masked(
    make: Callable[..., ProcessParser],
) -> None:
    parser = make(wall_seconds=1)
    read(parser)
    os.kill(process_of(parser), signal.SIGSTOP)

    message = read(parser, PLAIN.replace(b"The ring", CARD.encode()))

    assert message.degraded
    assert CARD not in repr(message)


def encoded_within(depth: int) -> bytes:
    """Multiparts of which each is encoded as a whole."""
    raw = b"Content-Type: text/plain\n\n" + b"x" * 100_000
    for level in range(depth):
        part = b"--b%d\n%s\n--b%d--\n" % (level, raw, level)
        raw = (
            b"Content-Type: multipart/mixed; boundary=b%d\nContent-Transfer-Encoding: base64\n\n"
            % level
            + base64.encodebytes(part)
        )
    return raw


def deep_multiparts(depth: int) -> bytes:
    """Multiparts within multiparts, none of them closed."""
    return b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (level, level)
        for level in range(depth)
    )


def signed_within(depth: int, size: int) -> bytes:
    """A large file, signed again and again."""
    signed = b"Content-Type: image/png\n\n" + b"x" * size
    for _ in range(depth):
        signed = SIGNATURE + wrappers.signed(signed)
    return signed


MIXED = HEADER + b"Content-Type: multipart/mixed; boundary=b\n\n"
WRAPPER = b"--b\nContent-Type: application/ms-tnef\n\n"
SIGNATURE = b"Content-Type: application/pkcs7-mime; smime-type=signed-data\n\n"
JUNK = random.Random(1).randbytes(64 * 1024).translate(None, b"\r\n") * 8

# What takes Python's own parser minutes or gigabytes; each is made only by the test that needs it.
HOSTILE: dict[str, Callable[[], bytes]] = {
    "1,000 multiparts deep": lambda: HEADER + deep_multiparts(1000) + b"\nx",
    "1,000 messages deep": lambda: HEADER + b"Content-Type: message/rfc822\n\n" * 1000 + b"x",
    "500 comments deep": lambda: (
        HEADER.replace(b"Anna <", b"(" * 500 + b")" * 500 + b" Anna <") + b"\nx"
    ),
    "100,000 To fields": lambda: HEADER + b"To: a@x.example\n" * 100_000 + b"\nx",
    "20,000 recipients": lambda: HEADER + b"To: " + b"a@x.example, " * 20_000 + b"\n\nx",
    "100,000 encoded-words": lambda: (
        b"Subject: " + b"=?utf-8?q?a?= " * 100_000 + b"\n" + HEADER + b"\nx"
    ),
    "2 MB of references": lambda: (
        HEADER + b"References: " + b"<aaaaaaaaaaaa@x> " * 120_000 + b"\n\nx"
    ),
    "50,000 parameters": lambda: (
        HEADER + b"Content-Type: text/plain" + b"; a=b" * 50_000 + b"\n\nx"
    ),
    "50,000 parameters of a part": lambda: (
        MIXED + b"--b\nContent-Type: a/b" + b"; a=b" * 50_000 + b"\n\nx\n"
    ),
    "100,000 parts": lambda: MIXED + b"--b\n\nx\n" * 100_000 + b"--b--\n",
    "a million lines like boundaries": lambda: MIXED + b"--c\n\n" * 1_000_000,
    "lines that end and begin like boundaries for some, 24 MB before one for all": lambda: (
        MIXED + b"\r--x\n\n" * 2_000 + b"QUJD" * 6 * MEGABYTE + b"\n--b--\n"
    ),
    "line ends in an encoded name": lambda: (
        HEADER.replace(b"Anna", b"=?utf-8?q?A" + b"=0D=0ABcc:_x@y.example" * 500 + b"?=") + b"\nx"
    ),
    "30 recipients made of one encoded-word": lambda: (
        HEADER
        + b"".join(name + b"=?a?q?" + b":" * 30_000 + b"\n" for name in (b"Cc: ", b"Bcc: "))
        + b"\nx"
    ),
    "4,000 encoded-words in charsets that nobody knows": lambda: (
        HEADER
        + b"".join(
            b"X-A: "
            + b" ".join(b"=?x%d?q?=%02X=%02X=FE=FA=F1?=" % (at, at, 199 - at) for at in range(100))
            + b"\n"
            for _ in range(40)
        )
        + b"\nx"
    ),
    "480 texts in a charset that nobody knows": lambda: (
        MIXED + b"".join(b"--b\n\n" + JUNK[at : at + 20_000] + b"\n" for at in range(480))
    ),
    "480 wrappers of Outlook's": lambda: (
        MIXED + (WRAPPER + wrappers.tnef(*[wrappers.file(b"a", b"b")] * 400) + b"\n") * 480
    ),
    "a wrapper with 20,000 attributes": lambda: (
        MIXED + WRAPPER + wrappers.tnef(*[wrappers.attribute(0x00069003, b"\xff" * 900)] * 20_000)
    ),
    "a wrapper whose text unpacks without end": lambda: (
        MIXED
        + WRAPPER
        + wrappers.tnef(
            wrappers.message(
                wrappers.value(
                    wrappers.RTF,
                    wrappers.BINARY,
                    struct.pack("<II4sI", 0, 1 << 31, b"LZFu", 0)
                    + (b"\xff" + b"\x00\x1f" * 8) * 500_000,
                )
            )
        )
    ),
    "signatures around 12 MB": lambda: HEADER + signed_within(4, 12 * MEGABYTE),
    "a million lines that begin a file": lambda: HEADER + b"\n" + b"begin 644 a\n#35J0\n" * 500_000,
    "a million lines of armour": lambda: (
        HEADER
        + b"\n"
        + b"-----BEGIN PGP MESSAGE-----\n-----BEGIN PGP SIGNED MESSAGE-----\n" * 400_000
    ),
    "20,000 rows of a table": lambda: (
        HEADER + b"Content-Type: text/html\n\n<table>" + b"<tr>" * 20_000 + b"<td><p>a" * 20_000
    ),
    "multiparts within encoded multiparts": lambda: HEADER + encoded_within(12),
    "a word of 100,000 letters": lambda: HEADER + b"\n" + b"a." * 50_000,
    "20 MB behind lines like boundaries that a bare CR begins": lambda: (
        MIXED + b"\n\nab\r--" * 3000 + b"x" * 20 * MEGABYTE
    ),
    "a line of 20 MB": lambda: HEADER + b"\n" + b"a" * 20 * MEGABYTE,
    "100,000 nested elements": lambda: HEADER + b"Content-Type: text/html\n\n" + b"<div>" * 100_000,
    "a list of 20,000 card numbers": lambda: HEADER + b"\n" + b"4111111111111111\n" * 20_000,
    "32,000 card numbers in a row": lambda: HEADER + b"\n" + b"4111111111111111;" * 32_000,
    "30,000 card numbers in one address": lambda: (
        HEADER + b"\n" + (b"4111111111111111;" * 100 + b"x://;") * 300
    ),
    "25 MB of base64": lambda: (
        MIXED
        + b"--b\nContent-Transfer-Encoding: base64\nContent-Type: image/png\n\n"
        + (b"QUJD" * 19 + b"\r\n") * (25 * MEGABYTE // 78)
        + b"--b--\n"
    ),
}


@pytest.mark.parametrize("shape", [*HOSTILE])
def test_s27_hostile_shapes_cost_two_seconds_and_300_megabytes_at_most(
    make: Callable[..., ProcessParser], shape: str
) -> None:
    parser = make(memory=300 * MEGABYTE, cpu_seconds=2)
    parser.start()

    message = read(parser, HOSTILE[shape]())

    assert not {"parser_died", "parser_timeout", "parse_failed"} & {*message.defects}
    assert message.message_id == "ring@customer.example"
    assert message.from_ is not None
    assert message.from_.address == "anna@customer.example"


# --- what is expected ------------------------------------------------------------------------


def is_expected(parser: ProcessParser) -> bool:
    return parser._child is not None and parser._child._expected is not None


def other(number: int) -> bytes:
    return PLAIN.replace(b"ring", b"necklace %d" % number)


def test_what_was_expected_is_the_same_as_what_was_not(make: Callable[..., ProcessParser]) -> None:
    parser = make()
    plain = read(parser)
    process = process_of(parser)

    parser.expect(PLAIN, READING)
    assert is_expected(parser)

    assert read(parser) == plain
    assert not is_expected(parser)
    assert process_of(parser) == process


def test_whoever_comes_before_what_was_expected_gets_his_own_answer(
    make: Callable[..., ProcessParser],
) -> None:
    parser = make()
    mails = [PLAIN, other(1), other(2)]
    alone = [read(parser, raw) for raw in mails]
    process = process_of(parser)

    parser.expect(mails[0], READING)
    parser.expect(mails[2], READING)  # one at a time
    assert read(parser, mails[1]) == alone[1]
    assert read(parser, mails[0]) == alone[0]
    assert read(parser, mails[2]) == alone[2]
    assert process_of(parser) == process


def test_nothing_is_expected_of_what_is_not_there_or_does_not_go_into_the_pipe_at_once(
    make: Callable[..., ProcessParser],
) -> None:
    parser = make()
    parser.expect(PLAIN, READING)
    large = PLAIN + b"x" * 50_000
    plain = read(parser)

    parser.expect(large, READING)

    assert not is_expected(parser)
    assert read(parser) == plain
    parser.close()
    parser.expect(PLAIN, READING)


@pytest.mark.parametrize("kind", [ValueError, TypeError, RecursionError])
def test_an_answer_that_makes_no_sense_is_held_against_nobody_else(
    make: Callable[..., ProcessParser], monkeypatch: pytest.MonkeyPatch, kind: type[Exception]
) -> None:
    parser = make()
    alone, process = read(parser, other(1)), process_of(parser)
    decode, answers = worker._decode, iter([kind("no sense")])

    def decoded(content: bytearray) -> Message:
        for error in answers:
            raise error
        return decode(content)

    parser.expect(PLAIN, READING)
    monkeypatch.setattr(worker, "_decode", decoded)

    assert read(parser, other(1)) == alone
    assert process_of(parser) != process


def test_a_process_that_dies_by_what_was_expected_takes_nobody_else_with_it(
    make: Callable[..., ProcessParser],
) -> None:
    parser = make()
    plain = read(parser)

    for wanted in (PLAIN, other(1)):
        process = process_of(parser)
        os.kill(process, signal.SIGSTOP)
        parser.expect(PLAIN, READING)
        os.kill(process, signal.SIGKILL)
        wait_until(lambda gone=process: parser._child._process.poll() is not None, 10, "it is dead")  # type: ignore[misc,union-attr]
        found = read(parser, wanted)
        assert not found.degraded
        assert (found == plain) is (wanted == PLAIN)

    process = process_of(parser)
    os.kill(process, signal.SIGKILL)
    wait_until(lambda: parser._child._process.poll() is not None, 10, "it is dead")  # type: ignore[union-attr]
    parser.expect(PLAIN, READING)
    assert read(parser) == plain
