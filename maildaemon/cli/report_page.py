"""The page of `maildaemon report`: one file that loads nothing and runs nothing.

Each chart is a table with a bar in each row: it is legible on a phone, and read aloud.
"""

from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, tzinfo
from hashlib import sha256
from html import escape

from maildaemon.cli.output import plain
from maildaemon.cli.words import REASONS, SECTIONS, SILENCES
from maildaemon.domain.dates import tell_end
from maildaemon.domain.figures import Figures, FirstReplies, Month

STYLE = """
:root { color-scheme: light dark; --ink: #1b1b1f; --paper: #fff; --soft: #5a5d66;
  --line: #d5d7dd; --bar: #2f6fb3; --tile: #f3f5f8; }
@media (prefers-color-scheme: dark) { :root { --ink: #e9e9ee; --paper: #17181c; --soft: #a9adb8;
  --line: #3a3d45; --bar: #6fa8e6; --tile: #22242a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; color: var(--ink);
  background: var(--paper); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: .5rem 0; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 .25rem; }
p { margin: .25rem 0 .75rem; }
.soft { color: var(--soft); }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .75rem;
  margin: 1rem 0; }
dl div { background: var(--tile); border-radius: .5rem; padding: .75rem; display: flex;
  flex-direction: column; justify-content: space-between; gap: .25rem; }
dt { color: var(--soft); }
dd { margin: 0; font-size: 1.3rem; line-height: 1.25; font-weight: 600; }
table { width: 100%; border-collapse: collapse; margin: .5rem 0 1rem; }
caption { text-align: left; color: var(--soft); padding-bottom: .25rem; }
th, td { text-align: left; font-weight: normal; vertical-align: top; padding: .4rem .5rem .4rem 0;
  border-bottom: 1px solid var(--line); }
thead th { color: var(--soft); }
td.number, th.number { text-align: right; padding-right: 0; white-space: nowrap;
  font-variant-numeric: tabular-nums; }
table.bars th[scope=row] { width: 45%; }
table.bars .number { width: 4.5rem; padding-right: .75rem; }
table.bars td { overflow-wrap: normal; }
table.waits td { width: 50%; }
svg { display: block; width: 100%; height: 1.1rem; margin-top: .2rem; }
rect { fill: var(--bar); }
code { font-size: .95em; }
@media print { dl div { border: 1px solid var(--line); } }
@media (forced-colors: active) { rect { fill: CanvasText; } dl div { border: 1px solid; } }
"""
_UNITS = (("day", 86400), ("h", 3600), ("min", 60))
_LONGEST = 120
_WAITING_AT_MOST = 30
_TOLD = {"broken": "promise broken", "at_risk": "at risk"}
_STATUSES = {
    "open": "open: our turn",
    "working": "working: answered, but we owe more",
    "pending": "pending: the customer's turn",
    "resolved": "resolved",
    "ignored": "ignored: nobody's turn (spam, machines)",
}
_MAILS = {
    "assignment": "to a colleague: this is yours",
    "forward": "to a partner",
    "staff": "to colleagues: something is due",
    "digest": "to colleagues: the morning's mail",
}


def render(figures: Figures, now: datetime, zone: tzinfo) -> str:
    """Return the page."""
    return "\n".join(_Page(figures, now, zone).lines()) + "\n"


class _Page:
    def __init__(self, figures: Figures, now: datetime, zone: tzinfo) -> None:
        self._figures = figures
        self._now = now
        self._zone = zone

    def lines(self) -> Iterator[str]:
        figures = self._figures
        hashed = b64encode(sha256(STYLE.encode()).digest()).decode()
        policy = (
            f"default-src 'none'; style-src 'sha256-{hashed}'; base-uri 'none'; form-action 'none'"
        )
        yield "<!DOCTYPE html>"
        yield '<html lang="en">'
        yield "<head>"
        yield '<meta charset="utf-8">'
        # What a style sheet is, its hash says: nothing that a mail held could bring another.
        yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
        yield '<meta name="color-scheme" content="light dark">'
        yield '<meta name="referrer" content="no-referrer">'
        yield f"<title>Report {safe(self._period())}</title>"
        yield f"<style>{STYLE}</style>"
        yield "</head>"
        yield "<body>"
        yield f"<header><h1>{safe(', '.join(figures.mailboxes))}: {safe(self._period())}</h1>"
        stood = f"As it stood on {self._at(self._now)} ({self._zone})."
        yield f'<p class="soft">{safe(stood)}</p>'
        yield "</header><main>"
        for section in (
            *(self._tiles, self._first_replies, self._promises, self._waiting, self._months),
            *(self._files, self._feedback, self._silences, self._mails),
        ):
            yield from section()
        yield '</main><footer><p class="soft">Written by maildaemon report. Times are those of the '
        yield "clock, nights and weekends included; promises go by the shop's hours.</p></footer>"
        yield "</body></html>"

    def _period(self) -> str:
        since = self._figures.since.astimezone(self._zone)
        until = self._figures.until.astimezone(self._zone)
        return f"{since.day} {since:%b %Y} to {until.day} {until:%b %Y}"

    def _at(self, at: datetime) -> str:
        local = at.astimezone(self._zone)
        return f"{local:%a} {local.day} {local:%b %Y, %H:%M}"

    def _by(self, at: datetime) -> str:
        day, clock = tell_end(at, self._zone)
        return f"{day:%a} {day.day} {day:%b %Y}, {clock}"

    def _tiles(self) -> Iterator[str]:
        figures, first = self._figures, self._figures.first_replies
        feedback = figures.feedback.average
        yield "<dl>"
        yield from (
            f"<div><dt>{name}</dt><dd>{safe(value)}</dd></div>"
            for name, value in (
                ("Conversations begun", str(figures.conversations)),
                ("First reply, median", duration(first.median_seconds)),
                ("First replies in time", percent(first.share_in_time)),
                ("Promises kept", percent(figures.promises.share_kept)),
                ("Waiting now", str(len(figures.waiting))),
                ("Rated, of 5", "–" if feedback is None else f"{feedback:g}"),
            )
        )
        yield "</dl>"

    def _first_replies(self) -> Iterator[str]:
        first = self._figures.first_replies
        yield "<h2>How long customers waited for the first reply</h2>"
        yield f"<p>{_in_words(first)}</p>"
        steps = {step.name: step.count for step in first.steps}
        yield from bars("First replies by a person, by how long they took", "Took", steps)

    def _promises(self) -> Iterator[str]:
        promises = self._figures.promises
        yield "<h2>Promises</h2>"
        if not (promises.kept or promises.broken or promises.pending):
            yield "<p>Nothing was promised: the configuration has no promises.</p>"
            return
        yield "<p>Every time a customer waited, the first time and later. Judged by the promises "
        yield "that are configured now; by the date, where the customer was told one.</p>"
        counted = {
            "kept": promises.kept,
            "broken": promises.broken,
            "not due yet": promises.pending,
        }
        yield from bars("Promises of an answer", "Promise", counted)

    def _waiting(self) -> Iterator[str]:
        figures = self._figures
        yield "<h2>How it stands now</h2>"
        statuses = {_STATUSES.get(name, name): n for name, n in figures.statuses.items()}
        yield from bars("All conversations, by whose turn it is", "Status", statuses)
        if not figures.waiting:
            yield "<p>Nobody is waiting.</p>"
            return
        yield f"<h3>Waiting ({len(figures.waiting)})</h3>"
        yield '<table class="waits"><caption>The longest wait first</caption>'
        yield '<thead><tr><th scope="col">Conversation</th><th scope="col">Waiting</th></tr>'
        yield "</thead><tbody>"
        for one in figures.waiting[:_WAITING_AT_MOST]:
            due = f"<br>promised by {self._by(one.due)}" if one.due else ""
            danger = f"<br><strong>{_TOLD[one.danger]}</strong>" if one.danger else ""
            yield (
                f'<tr><th scope="row"><bdi>{safe(one.subject or "no subject")}</bdi> '
                f"<code>{safe(one.thread)}</code></th>"
                f"<td>since {self._at(one.since)}{due}{danger}</td></tr>"
            )
        yield "</tbody></table>"
        if (more := len(figures.waiting) - _WAITING_AT_MOST) > 0:
            yield f"<p>and {more} more</p>"

    def _months(self) -> Iterator[str]:
        months = self._figures.months
        yield "<h2>Month by month</h2>"
        begun = {month_name(one): one.conversations for one in months}
        yield from bars("Conversations that customers began", "Month", begun)
        for one in reversed(months):
            yield f"<h3>{month_name(one)}</h3>"
            categories = {
                "no category" if name == "none" else name: n for name, n in one.categories.items()
            }
            yield from bars("By category", "Category", categories)
            asked = {each.question: each.count for each in one.questions}
            if asked:
                caption = "Asked several times: by the rules that matched, else by the subject"
                yield from bars(caption, "Question", asked)

    def _files(self) -> Iterator[str]:
        figures = self._figures
        yield "<h2>Files</h2>"
        yield from bars("Refused", "Why", worded(figures.refused, REASONS))
        if figures.held:
            yield from bars("Held for a person to judge", "Why", worded(figures.held, REASONS))

    def _feedback(self) -> Iterator[str]:
        feedback = self._figures.feedback
        yield "<h2>Feedback</h2>"
        if not feedback.answers:
            yield "<p>None in this period.</p>"
            return
        yield f"<p>{feedback.answers} answers, {sum(feedback.ratings.values())} with a digit.</p>"
        given = {f"{digit} of 5": feedback.ratings.get(str(digit), 0) for digit in range(5, 0, -1)}
        yield from bars("Ratings", "Rating", given)

    def _silences(self) -> Iterator[str]:
        yield "<h2>Why there was no automatic answer</h2>"
        told = worded(self._figures.silences, SILENCES)
        yield from bars("Mails without an automatic answer", "Reason", told)

    def _mails(self) -> Iterator[str]:
        yield "<h2>Automatic mails</h2>"
        if not self._figures.mails:
            yield "<p>None in this period.</p>"
            return
        yield "<table><caption>Sent; put into Drafts; or only recorded (mode shadow)</caption>"
        yield '<thead><tr><th scope="col">What</th><th scope="col" class="number">Sent</th>'
        yield '<th scope="col" class="number">Drafts</th>'
        yield '<th scope="col" class="number">Shadow</th></tr></thead><tbody>'
        for one in self._figures.mails:
            what = ", ".join(mail_in_words(one.what))
            numbers = "".join(
                f'<td class="number">{n}</td>' for n in (one.sent, one.drafts, one.shadow)
            )
            yield f'<tr><th scope="row">{safe(what)}</th>{numbers}</tr>'
        yield "</tbody></table>"


def mail_in_words(what: str) -> list[str]:
    """Return what a mail is, or each of its parts (`acknowledgement + refused_files`)."""
    return [_MAILS.get(piece) or SECTIONS.get(piece, piece) for piece in what.split(" + ")]


def _in_words(first: FirstReplies) -> str:
    told = f"{first.answered} answered, {first.settled} settled without a word, "
    told += f"{first.waiting} still waiting."
    if first.median_seconds is None:
        return told
    return (
        f"{told} Half of the replies took less than {duration(first.median_seconds)}, "
        f"nine in ten less than {duration(first.nine_in_ten_seconds)}."
    )


def worded(counted: Mapping[str, int], words: Mapping[str, str]) -> dict[str, int]:
    """Return the counts by their codes in words."""
    return {f"{words.get(code, code)} ({code})": number for code, number in counted.items()}


def bars(caption: str, what: str, counted: Mapping[str, int]) -> Iterable[str]:
    """Yield a table with a bar in each row, as long as its share of the longest."""
    if not any(counted.values()):
        return (f"<p>{caption}: none in this period.</p>",)
    most = max(counted.values())
    rows = [_bar(name, number, most) for name, number in counted.items()]
    return (
        f'<table class="bars"><caption>{caption}</caption>',
        f'<thead><tr><th scope="col">{what}</th><th scope="col" class="number">Count</th>',
        "<td></td></tr></thead><tbody>",
        *rows,
        "</tbody></table>",
    )


def _bar(name: str, number: int, most: int) -> str:
    width = 100 * number / most
    return (
        f'<tr><th scope="row"><bdi>{safe(name)}</bdi></th><td class="number">{number}</td>'
        '<td><svg aria-hidden="true" focusable="false" viewBox="0 0 100 10" '
        f'preserveAspectRatio="none"><rect width="{width:.2f}" height="10"/></svg></td></tr>'
    )


def month_name(one: Month) -> str:
    """Return `November 2026`."""
    return f"{datetime.fromisoformat(f'{one.month}-01'):%B %Y}"


def duration(seconds: int | None) -> str:
    """Return `3 h 20 min`, a dash for None."""
    if seconds is None:
        return "–"
    parts: list[str] = []
    for name, size in _UNITS:
        number, seconds = divmod(seconds, size)
        if number:
            plural = "s" if name == "day" and number != 1 else ""
            parts.append(f"{number} {name}{plural}")
    return " ".join(parts[:2]) or "under 1 min"


def percent(share: float | None) -> str:
    """Return `92 %`, never 100 if something is missing; a dash for None."""
    if share is None:
        return "–"
    return f"{int(share * 100)} %"


def safe(text: str) -> str:
    """Return a text from mail so that it is nothing but text."""
    return escape(plain(text)[:_LONGEST])
