"""How much memory the daemon and its children need at most while one large mail is ingested.

python -m benchmarks.memory [--sizes 0.01 1 10 25 50] [--seed 1] [--write]

Sizes are in MB of the whole mail. As shipped, `max_message_size` allows 25 MB, which is the worst;
for larger ones it is raised. A daemon is started for each size, as `init` makes it. PSS of all
processes, looked at four times a second.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from random import Random

from benchmarks import mime
from benchmarks.files import File
from benchmarks.ingest import deliver
from benchmarks.judge import Verdict
from benchmarks.mailbox import SUPPORT, Letter, Truth
from benchmarks.processes import Sampler, pss_of
from benchmarks.stored import stored
from benchmarks.table import conclude, count_wrong, load_average, say, wrong_of
from tests.campaigns.table import machine

GOAL = 300
_MB = 1_000_000
_SIZES = (0.01, 1.0, 10.0, 25.0, 50.0)
_PATIENCE = 120
# As shipped.
_MAIL_AT_MOST, _FILE_AT_MOST = 25 * _MB, 10 * _MB
_LIMIT = "attachments.max_message_size"
# What stands around the file, and the lines of base64: 57 bytes are 78.
_AROUND = 4000


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of all processes: before the mail came, and at most until it was answered."""

    size: int
    before: int
    peak: int
    verdict: Verdict


def measure(size: int, seed: int, said: Callable[[str], None]) -> Memory:
    """Ingest one mail of about so many bytes."""
    with stored("memory", 0, seed, said) as shop:
        letter = _letter(size, seed)
        if size > _MAIL_AT_MOST:
            shop.installation.change(_LIMIT, f"{size} B")
        said(f"a mail of {len(letter.raw) / _MB:.2f} MB")
        shop.start()
        before = pss_of(shop.installation.pid)
        sampler = Sampler(shop.installation.pid)
        sampler.start()
        deliver(shop.installation, [letter])
        shop.sink.wait_accepted(1, _PATIENCE)
        shop.wait_concluded(0, 1, _PATIENCE)
        return Memory(len(letter.raw), before, sampler.end(), shop.judge([letter.truth]))


def _letter(size: int, seed: int) -> Letter:
    random = Random(f"{seed}:{size}")
    content = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    content += random.randbytes(max(0, size - _AROUND) * 57 // 78)
    picture = File("IMG_1.jpg", "image/jpeg", content, len(content) <= _FILE_AT_MOST)
    person, at = "person1@customer1.example", datetime.now(UTC)
    text = mime.text(
        "Hello,\n\nhere is the photo you asked for.\n\nPerson 1\n", "utf-8", random, "plain"
    )
    header = [
        *mime.trace(random, at, person),
        ("From", f"Person 1 <{person}>"),
        ("To", SUPPORT),
        ("Subject", "A photograph"),
        ("Date", format_datetime(at)),
        ("Message-ID", "<bench.1@customer1.example>"),
    ]
    raw = mime.message(header, mime.multipart("mixed", random, text, mime.file(picture, random)))
    files = ((picture.name, len(content), picture.accepted),)
    return Letter(Truth(1, "customer", person, 1, True, files), person, raw)


def _raised(it: Memory) -> str:
    return f", `{_LIMIT}` raised" if it.size > _MAIL_AT_MOST else ""


def table(found: Sequence[Memory], command: str) -> str:
    """Return the table as Markdown."""
    return "\n".join(
        (
            f"`{command}`: {machine()}, load {load_average()}.",
            "",
            f"| one mail of | idle before | peak (goal: {GOAL} MB) |",
            "|---|---:|---:|",
            *(
                f"| {it.size / _MB:.2f} MB{_raised(it)} | {it.before / _MB:.0f} MB | {it.peak / _MB:.0f} MB |"
                for it in found
            ),
            "",
            count_wrong(one.verdict for one in found),
        )
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    parser.add_argument("--sizes", type=float, nargs="+", default=_SIZES, help="MB of a mail")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="keep the table in the repository")
    given = parser.parse_args()
    found = [measure(int(size * _MB), given.seed, say) for size in given.sizes]
    written = table(found, " ".join((parser.prog, *sys.argv[1:])))
    return conclude(
        "memory", written, keep=given.write, wrong=wrong_of(one.verdict for one in found)
    )


if __name__ == "__main__":
    sys.exit(main())
