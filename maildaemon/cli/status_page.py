"""The status page: how each mailbox is doing, server-rendered; it loads and runs nothing.

It shows no subject and no customer, only references: whoever may look is not always who may read.
"""

from base64 import b64encode
from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from hashlib import sha256

from maildaemon.cli.output import ago, span, success_in_words
from maildaemon.cli.report_page import STYLE, bars, mail_in_words, safe, worded
from maildaemon.cli.watched import Watched
from maildaemon.cli.words import SILENCES
from maildaemon.domain.overview import Danger, Waiting
from maildaemon.domain.standing import ProbeStanding, Severity

_MORE_STYLE = """
:root { --good: #1a6b34; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --good: #7fd49a; --bad: #ffb4ab; } }
.good { color: var(--good); font-weight: 600; }
.bad { color: var(--bad); font-weight: 600; }
.skip { position: absolute; left: -99rem; }
.skip:focus { position: static; }
a { color: inherit; }
a:focus-visible { outline: 3px solid var(--bar); outline-offset: 2px; }
section { border-top: 1px solid var(--line); margin-top: 2rem; }
ul { padding-left: 1.25rem; margin: .25rem 0 1rem; }
li { margin: .25rem 0; }
"""
_STYLE = STYLE + _MORE_STYLE
STYLE_SOURCE = f"'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'"

_TOLD = {Danger.BROKEN: "promise broken", Danger.AT_RISK: "at risk"}
_SIGNS = {Severity.UNAVAILABLE: "✗", Severity.STUCK: "✗", Severity.ATTENTION: "!"}
_MOST = 30


def render_page(found: tuple[Watched, ...], now: datetime, zone: tzinfo) -> str:
    """Return the page; times are told in the shop's zone."""
    return "\n".join(_lines(found, now, zone)) + "\n"


def _lines(found: tuple[Watched, ...], now: datetime, zone: tzinfo) -> Iterator[str]:
    well = all(one.well for one in found)
    verdict, tone = ("all is well", "good") if well else ("something is wrong", "bad")
    if well and any(one.standing.is_unproven for one in found):
        verdict, tone = "just begun", "soft"
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="color-scheme" content="light dark">'
    yield f"<title>maildaemon: {verdict}</title>"
    yield f"<style>{_STYLE}</style>\n</head>\n<body>"
    yield '<a class="skip" href="#mailboxes">Skip to the mailboxes</a>'
    yield f'<header><h1>maildaemon: <span class="{tone}">{verdict}</span></h1>'
    yield f'<p class="soft">As of {safe(_at(now, zone))}. Load the page anew to see more.</p>'
    if len(found) > 1:
        yield '<nav aria-label="Mailboxes"><ul>'
        for index, one in enumerate(found):
            yield f'<li><a href="#m{index}">{safe(one.mailbox)}</a> {_verdict(one)}</li>'
        yield "</ul></nav>"
    yield '</header>\n<main id="mailboxes">'
    for index, one in enumerate(found):
        yield from _mailbox(one, index, now, zone)
    yield '</main>\n<footer><p class="soft">Programs ask <a href="/healthz">/healthz</a> and '
    yield '<a href="/metrics">/metrics</a>; people type <code>maildaemon status</code>.</p>'
    yield "</footer>\n</body>\n</html>"


def _mailbox(one: Watched, index: int, now: datetime, zone: tzinfo) -> Iterator[str]:
    outbox, inbound, smtp = one.standing.outbox, one.standing.inbound, one.standing.smtp
    yield f'<section aria-labelledby="m{index}">'
    yield f'<h2 id="m{index}">{safe(one.mailbox)} {_verdict(one)}</h2>'
    yield f'<p class="soft">Mode: {safe(one.mode)}</p>'
    if one.troubles:
        yield "<h3>What needs a person</h3>\n<ul>"
        for each in one.troubles:
            tone = "" if each.severity is Severity.ATTENTION else ' class="bad"'
            sign = f'<span aria-hidden="true">{_SIGNS[each.severity]}</span>'
            yield f"<li>{sign} <span{tone}>{_severity(each.severity)}{safe(each.what)}</span><br>"
            yield f"What to do: {safe(each.advice)}</li>"
        yield "</ul>"
    yield "<dl>"
    facts = (
        ("Mail read", success_in_words(one.standing.imap, one.standing.began_at, now)),
        ("Server for sending, used", success_in_words(smtp, one.standing.began_at, now)),
        ("Received, to be looked at", str(inbound.waiting)),
        ("Queued to be sent", f"{outbox.queued}, {outbox.due} due"),
        ("Sent in 24 hours", str(outbox.sent)),
        ("Put aside (parked)", str(inbound.parked)),
        *_round_trip(one.standing.probe, now),
    )
    for name, value in facts if one.mode != "sent_only" else facts[:1]:
        yield f"<div><dt>{name}</dt><dd>{safe(value)}</dd></div>"
    yield "</dl>"
    if one.mode != "sent_only":
        yield from _promises(one.waiting, zone)
        yield from _mails(one)
    yield "</section>"


def _round_trip(probe: ProbeStanding, now: datetime) -> Iterator[tuple[str, str]]:
    """Yield nothing where no mail goes to ourselves."""
    if probe.back_at is not None and probe.seconds is not None:
        where = "in the spam folder" if probe.junked else "back"
        yield f"Mail to ourselves, {where}", ago(probe.back_at, now)
        yield "Its way took", span(timedelta(seconds=probe.seconds))
    if probe.waiting_since is not None:
        yield "Mail to ourselves, sent", ago(probe.waiting_since, now)


def _promises(waiting: tuple[Waiting, ...], zone: tzinfo) -> Iterator[str]:
    risky = [one for one in waiting if one.wait.danger is not None]
    yield "<h3>Promises at risk</h3>"
    yield f"<p>{len(waiting)} waiting for an answer, {len(risky)} of them at risk or late.</p>"
    if not risky:
        return
    yield '<table class="waits"><caption>Conversations, the longest wait first</caption>'
    yield '<thead><tr><th scope="col">Conversation</th><th scope="col">Waiting</th></tr></thead>'
    yield "<tbody>"
    for one in sorted(risky, key=lambda each: each.wait.since)[:_MOST]:
        told = _TOLD[one.wait.danger] if one.wait.danger else ""
        due = f"<br>promised by {_at(one.wait.due, zone)}" if one.wait.due else ""
        yield f'<tr><th scope="row"><code>{safe(one.about.reference)}</code></th>'
        yield f"<td>since {_at(one.wait.since, zone)}{due}<br><strong>{told}</strong></td></tr>"
    yield "</tbody></table>"
    if (more := len(risky) - _MOST) > 0:
        yield f"<p>and {more} more</p>"


def _mails(one: Watched) -> Iterator[str]:
    yield "<h3>What was sent, and why not, in 7 days</h3>"
    sent = {", ".join(mail_in_words(each.what)): each.sent + each.drafts for each in one.mails}
    yield from bars("Automatic mails sent, or put into Drafts", "What", sent)
    silences = worded(one.silences, SILENCES)
    yield from bars("Mails without an automatic answer", "Reason", silences)


def _verdict(one: Watched) -> str:
    if one.well and one.standing.is_unproven:
        return "(not read yet since the start)"
    return f'<span class="{_tone(one.well)}">({"well" if one.well else "unwell"})</span>'


def _severity(severity: Severity) -> str:
    return "" if severity is Severity.ATTENTION else f"{severity.value}: "


def _tone(well: bool) -> str:
    return "good" if well else "bad"


def _at(at: datetime, zone: tzinfo) -> str:
    local = at.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M}"
