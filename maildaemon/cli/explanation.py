"""An explanation as an object (the contract of `explain --json`) and as a page for people."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, assert_never

from maildaemon.cli.output import (
    local,
    paint,
    person,
    plain,
    plain_text,
    put_facts,
    say,
    sign,
    size_of,
)
from maildaemon.cli.words import KINDS, REASONS, SECTIONS, SILENCES, in_words, oddities
from maildaemon.domain.actions import (
    Action,
    Assign,
    CancelQueued,
    Forward,
    JoinThread,
    MarkDeliverable,
    MarkUndeliverable,
    MergeThread,
    MuteSender,
    MuteThread,
    OpenThread,
    QueueMail,
    Rate,
    StaySilent,
    TakeProbe,
    WithholdForward,
    Witness,
)
from maildaemon.domain.attachments import Judged, Verdict
from maildaemon.domain.automatic import Silence
from maildaemon.domain.message import Address, Attachment, DeliveryReport, Finding, Message
from maildaemon.domain.policy import Mode
from maildaemon.domain.understanding import Priority, Understanding
from maildaemon.services.explain import Explanation


def as_object(file: str, one: Explanation, mode: Mode) -> dict[str, Any]:
    """Return what `explain --json` prints; unknown is None, no key is ever missing."""
    decision, mail = one.decision, one.decision.mail
    return {
        "file": file,
        "message": _message(one.message),
        "kind": decision.judgement.kind.value,
        "evidence": list(decision.judgement.evidence),
        "must_not_answer": decision.judgement.must_not_answer,
        "bounce": _bounce(one.message.bounce),
        "attachments": [
            _attachment(*judged)
            for judged in zip(one.message.attachments, decision.verdicts, strict=True)
        ],
        "understood": understood_as_object(decision.understanding),
        "thread": {
            "match": decision.match.rule.value,
            "reference": one.reference,
            "parent": one.parent,
            "why": one.why,
        },
        "response": {
            "queued": mail is not None,
            "sections": [section.value for section in mail.sections] if mail else [],
            "to": mail.to.address if mail else None,
            "language": mail.language if mail else None,
            "answer_by": mail.answer_by if mail else None,
            "silence": decision.silence.value if decision.silence else None,
        },
        "mode": mode.value,
        "recorded": one.recorded,
        "actions": [_action(action) for action in decision.actions],
    }


def _message(message: Message) -> dict[str, Any]:
    return {
        "message_id": message.message_id,
        "in_reply_to": list(message.in_reply_to),
        "references": list(message.references),
        "from": _address(message.from_) if message.from_ else None,
        "reply_to": [_address(one) for one in message.reply_to],
        "to": [_address(one) for one in message.to],
        "cc": [_address(one) for one in message.cc],
        "subject": message.subject,
        "date": message.date,
        "size": message.size,
        "text": message.text,
        "reply_text": message.reply_text,
        "language": message.language,
        "language_confidence": message.language_confidence if message.language else None,
        "defects": list(message.defects),
    }


def understood_as_object(one: Understanding) -> dict[str, Any]:
    """Return what a message is about, as every `--json` shows it."""
    return {
        "category": one.category,
        "priority": one.priority.value,
        "tags": list(one.tags),
        "promise": one.promise.value if one.promise else None,
        "order_numbers": [
            {"name": it.name, "number": it.number, "known": it.known} for it in one.order_numbers
        ],
        "missing": [it.value for it in one.missing],
        "faq": [{"title": it.title, "url": it.url} for it in one.faq],
        "assign": one.assign,
        "forward": one.forward,
        "mute": one.mute,
        "after_answer": one.after_answer.value if one.after_answer else None,
        "distress": list(one.distress),
        "rules": list(one.rules),
    }


def _address(address: Address) -> dict[str, str]:
    return {"name": address.name, "address": address.address}


def _bounce(report: DeliveryReport | None) -> dict[str, Any] | None:
    if report is None:
        return None
    return {
        "recipients": [
            {
                "address": one.address,
                "action": one.action.value,
                "status": one.status,
                "diagnostic": one.diagnostic,
            }
            for one in report.recipients
        ],
        "original_message_id": report.original_message_id,
    }


def _attachment(file: Attachment, judged: Judged) -> dict[str, Any]:
    return {
        "filename": file.filename,
        "declared_type": file.declared_type,
        "detected_type": file.detected_type,
        "size": file.size,
        "sha256": file.sha256,
        "inline": file.inline,
        "verdict": judged.verdict.value,
        "reason": judged.reason.value if judged.reason else None,
        "findings": list(file.findings),
    }


_DEEDS = {OpenThread: "open_thread", JoinThread: "join_thread", MuteThread: "mute_thread"}


def _action(action: Action) -> dict[str, Any]:
    match action:
        case OpenThread() | JoinThread() | MuteThread():
            return {"do": _DEEDS[type(action)]}
        case MergeThread(reference, into):
            return {"do": "merge_thread", "reference": reference, "into": into}
        case QueueMail(sections=sections, to=to):
            return {
                "do": "queue_mail",
                "sections": [one.value for one in sections],
                "to": to.address,
            }
        case StaySilent(reason):
            return {"do": "stay_silent", "reason": reason.value}
        case CancelQueued(reason=reason):
            return {"do": "cancel_queued", "reason": reason.value}
        case MarkUndeliverable() | MarkDeliverable() | MuteSender():
            return _about_address(action)
        case Assign() | Forward() | WithholdForward():
            return _handed_over(action)
        case Rate(rating):
            return {"do": "rate", "rating": rating}
        case Witness() | TakeProbe():
            return _seen(action)
        case _:
            assert_never(action)


def _seen(action: Witness | TakeProbe) -> dict[str, Any]:
    match action:
        case Witness(message_id):
            return {"do": "witness", "message_id": message_id}
        case TakeProbe(number):
            return {"do": "take_probe", "number": number}
        case _:
            assert_never(action)


def _about_address(action: MarkUndeliverable | MarkDeliverable | MuteSender) -> dict[str, Any]:
    match action:
        case MarkUndeliverable(address, until, status):
            return {
                "do": "mark_undeliverable",
                "address": address,
                "until": until,
                "status": status,
            }
        case MarkDeliverable(address):
            return {"do": "mark_deliverable", "address": address}
        case MuteSender(address, until):
            return {"do": "mute_sender", "address": address, "until": until}
        case _:
            assert_never(action)


def _handed_over(action: Assign | Forward | WithholdForward) -> dict[str, Any]:
    match action:
        case Assign(to):
            return {"do": "assign", "to": to}
        case Forward(partner, to):
            return {"do": "forward", "partner": partner, "to": to}
        case WithholdForward(partner, why):
            return {"do": "withhold_forward", "partner": partner, "why": why}
        case _:
            assert_never(action)


def put_page(
    file: str, one: Explanation, mode: Mode, *, received_at: datetime, mail: str | None
) -> None:
    """Print an explanation for people; `mail` is the text of the response."""
    message, judgement = one.message, one.decision.judgement
    say(paint(plain(file), "cyan"))
    facts: list[tuple[str, object]] = [
        ("  from", _people([message.from_] if message.from_ else [])),
        ("  to", _people([*message.to, *message.cc])),
        ("  subject", message.subject),
        ("  received", local(received_at)),
        ("  kind", in_words(judgement.kind.value, KINDS)),
        ("  evidence", "; ".join(judgement.evidence) or None),
        ("  automatic", "must not be answered" if judgement.must_not_answer else None),
        ("  reports", _reported(message.bounce)),
        ("  language", _language(message)),
        *((f"  {heading}", fact) for heading, fact in oddities(message.defects)),
        *(("  about", fact) for fact in _about(one.decision.understanding)),
        ("  thread", _thread(one)),
        ("  answers", one.parent),
        *(("  file", fact) for fact in _files(one)),
        ("  known", _known(one)),
        *(("  response", fact) for fact in _response(one, mode)),
        *(("  inside", fact) for fact in _inside(one)),
    ]
    put_facts(facts)
    if mail is not None:
        say("\n".join(f"    | {line}".rstrip() for line in plain_text(mail).split("\n")))
    say()


def _people(addresses: Sequence[Address]) -> str:
    return ", ".join(person(one.name, one.address) for one in addresses)


def _language(message: Message) -> str | None:
    """Return the language, and how sure it is."""
    if message.language is None:
        return None
    doubt = "" if message.sure_language else ": a guess, earlier mail counts more"
    return f"{message.language} ({message.language_confidence:.0%}{doubt})"


def _reported(report: DeliveryReport | None) -> str | None:
    if report is None:
        return None
    about = report.original_message_id or "an unknown mail"
    fates = (f"{one.address} {one.action.value} {one.status or ''}" for one in report.recipients)
    return f"{about}: {'; '.join(fate.strip() for fate in fates)}"


def _thread(one: Explanation) -> str:
    rule = one.decision.match.rule.value
    return f"{one.reference}, by {rule}: {one.why}" if one.reference else f"{rule}: {one.why}"


def _about(one: Understanding) -> Iterator[str]:
    """Yield what a message is about, a line for each kind of thing."""
    if one.category or one.tags or one.priority is not Priority.NORMAL:
        words = [one.category or "", f"priority {one.priority.value}", " ".join(one.tags)]
        yield ", ".join(word for word in words if word)
    if one.promise:
        yield f"the promise of priority {one.promise.value}"
    for it in one.order_numbers:
        certainty = {True: "known", False: "not among ours", None: ""}[it.known]
        yield f"{it.name} number {it.number}{f', {certainty}' if certainty else ''}"
    if one.missing:
        yield f"missing: {', '.join(one.missing)}"
    yield from (f"link: {it.title}, {it.url}" for it in one.faq)
    if one.assign or one.forward:
        yield f"for {' and '.join(it for it in (one.assign, one.forward) if it)}"
    if one.mute:
        yield "nothing automatic in this conversation"
    if one.after_answer:
        yield f"{one.after_answer.value} once a person has answered"
    yield from (f"distress: {it}" for it in one.distress)
    if one.rules:
        yield f"by {'; '.join(f'rule `{it}`' for it in one.rules)}"


def _files(one: Explanation) -> Iterator[str]:
    signs = {Verdict.ACCEPTED: True, Verdict.HELD: None, Verdict.REFUSED: False}
    for file, judged in zip(one.message.attachments, one.decision.verdicts, strict=True):
        kind = file.detected_type or file.declared_type
        line = f"{sign(good=signs[judged.verdict])} {file.filename} ({kind}, {size_of(file.size)})"
        if judged.reason is not None:
            line += f" {judged.verdict.value}, {in_words(judged.reason.value, REASONS)}"
        if Finding.HIDDEN_CHARACTERS in file.findings:
            line += "; its name holds characters that nobody sees, or that look like others"
        yield line


def _known(one: Explanation) -> str | None:
    if one.recorded is None:
        return None
    return f"as message {one.recorded}, and left at that; what follows is for another one like it"


def _inside(one: Explanation) -> Iterator[str]:
    """Yield which colleague is told, and which partner gets it."""
    for action in one.decision.actions:
        match action:
            case Assign(to):
                yield f"given to {to}, who is told of it"
            case Forward(partner, to):
                yield f"sent on, as it came, to the partner {partner}, {to}"
            case WithholdForward(partner, why):
                yield f"not sent on to the partner {partner}: {why}"
            case _:
                continue


def _response(one: Explanation, mode: Mode) -> Iterator[str]:
    mail, silence = one.decision.mail, one.decision.silence
    if mail is None:
        yield f"none, {in_words(silence.value, SILENCES)}" if silence else "none"
        thread = one.decision.match.thread
        if silence is Silence.ACKNOWLEDGED_ALREADY and thread and not thread.acknowledged:
            yield "(in shadow only: that one was recorded and not sent, he has had no mail)"
        if silence is Silence.RESPONDER_ADDRESS and one.message.reply_to:
            yield "(a form of yours? with its address in `trust_reply_to` its Reply-To is answered)"
        return
    parts = " and ".join(SECTIONS[section] for section in mail.sections)
    yield f"{parts}, in `{mail.language}`, to {mail.to.address}"
    if mail.answer_by is not None:
        yield f"an answer is promised by {local(mail.answer_by)}"
    if mode is Mode.SHADOW:
        yield "(the mode is shadow: it would be recorded and not sent)"
    elif mode is Mode.DRAFTS:
        yield "(the mode is drafts: it would wait in the folder of drafts for a person to send)"
