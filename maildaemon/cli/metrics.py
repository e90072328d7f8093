"""The metrics of `/metrics`, in the text format that Prometheus reads."""

from collections.abc import Iterator
from datetime import datetime

from maildaemon import __version__
from maildaemon.adapters.worker import ParseTimes
from maildaemon.cli.watched import Watched
from maildaemon.domain.overview import Danger
from maildaemon.domain.standing import Account, ProbeStanding

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_HELP = {
    "info": "The version that runs.",
    "parsed_messages_total": "Messages parsed since the start.",
    "parse_seconds_total": "For how many seconds mail was parsed since the start.",
    "parse_seconds_longest": "How long the slowest message since the start took to parse.",
    "well": "1 while the mailbox is read and its queues move.",
    "last_success_age_seconds": "How long ago a server last let us in.",
    "account_stopped": "1 while the password is refused, and hardly tried any more.",
    "queue_size": "How many wait, by queue.",
    "queue_oldest_seconds": "For how long the oldest has waited, or has been due.",
    "parked_messages": "Messages that could not be processed.",
    "withheld_messages": "Messages that the server lists and does not deliver.",
    "held_files": "Files that wait for a person.",
    "brakes": "Brakes on automatic mail.",
    "probe_seconds": "After how long the last mail to ourselves was back.",
    "probe_age_seconds": "How long ago the last mail to ourselves came back.",
    "probe_waiting_seconds": "Since when one is under way, 0 if none is.",
    "waiting_conversations": "Customers who wait for an answer, by how it stands with the promise.",
    "mails_sent_24h": "Automatic mails sent in the last 24 hours.",
    "mails_not_delivered_7d": "Mails of the last 7 days that failed, expired, or nobody knows of.",
    "silences_7d": "Mails of the last 7 days without an automatic answer, by reason.",
}

_Sample = tuple[str, dict[str, str], float]


def render_metrics(found: tuple[Watched, ...], parsed: ParseTimes, now: datetime) -> str:
    """Return all of them; a value that is not known is left out."""
    samples: list[_Sample] = [
        ("info", {"version": __version__}, 1),
        ("parsed_messages_total", {}, parsed.count),
        ("parse_seconds_total", {}, parsed.seconds),
        ("parse_seconds_longest", {}, parsed.longest),
    ]
    for one in found:
        for name, labels, value in _of(one, now):
            samples.append((name, {"mailbox": one.mailbox, **labels}, value))
    lines = []
    for name, meaning in _HELP.items():
        kind = "counter" if name.endswith("_total") else "gauge"
        lines += [f"# HELP maildaemon_{name} {meaning}", f"# TYPE maildaemon_{name} {kind}"]
        lines += [_line(*sample) for sample in samples if sample[0] == name]
    return "\n".join(lines) + "\n"


def _of(one: Watched, now: datetime) -> Iterator[_Sample]:
    standing = one.standing
    inbound, outbox = standing.inbound, standing.outbox
    yield "well", {}, one.well
    for service, account in (("imap", standing.imap), ("smtp", standing.smtp)):
        yield from _account(service, account, now)
    sizes = {"inbound": inbound.waiting, "outbox": outbox.queued, "outbox_due": outbox.due}
    for queue, size in {**sizes, "copies": outbox.copies_waiting}.items():
        yield "queue_size", {"queue": queue}, size
    for queue, since in (("inbound", inbound.oldest_at), ("outbox_due", outbox.due_since)):
        age = max(0.0, (now - since).total_seconds()) if since else 0
        yield "queue_oldest_seconds", {"queue": queue}, age
    yield "parked_messages", {}, inbound.parked
    yield "withheld_messages", {}, inbound.gaps
    yield "held_files", {}, standing.files.held
    yield "brakes", {}, len(standing.brakes)
    yield from _probe(standing.probe, now)
    for danger in (None, *Danger):
        count = sum(each.wait.danger is danger for each in one.waiting)
        yield (
            "waiting_conversations",
            {"promise": danger.value if danger else "none_or_safe"},
            count,
        )
    yield "mails_sent_24h", {}, outbox.sent
    for state in ("failed", "expired", "unknown"):
        yield "mails_not_delivered_7d", {"state": state}, getattr(outbox, state)
    for code, count in sorted(one.silences.items()):
        yield "silences_7d", {"code": code}, count


def _probe(probe: ProbeStanding, now: datetime) -> Iterator[_Sample]:
    """Yield nothing where no mail goes to ourselves."""
    if probe.back_at is not None and probe.seconds is not None:
        yield "probe_seconds", {}, probe.seconds
        yield "probe_age_seconds", {}, max(0.0, (now - probe.back_at).total_seconds())
    if probe.back_at is not None or probe.waiting_since is not None:
        since = probe.waiting_since or now
        yield "probe_waiting_seconds", {}, max(0.0, (now - since).total_seconds())


def _account(service: str, account: Account, now: datetime) -> Iterator[_Sample]:
    if account.last_success_at is not None:
        age = (now - account.last_success_at).total_seconds()
        yield "last_success_age_seconds", {"service": service}, max(0.0, age)
    yield "account_stopped", {"service": service}, account.stopped


def _line(name: str, labels: dict[str, str], value: float) -> str:
    told = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
    return f"maildaemon_{name}{f'{{{told}}}' if told else ''} {value:.10g}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
