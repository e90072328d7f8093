"""The policy of a mailbox, as the decisions see it, from what the operator wrote."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from maildaemon.domain.control import Control
from maildaemon.domain.delivery import Contacts
from maildaemon.domain.message import Address
from maildaemon.domain.opening import Hours
from maildaemon.domain.policy import (
    ArchivePolicy,
    AttachmentPolicy,
    Limits,
    Notice,
    Partner,
    Policy,
    Probing,
    Reads,
    Treatment,
)
from maildaemon.domain.reading import NumberPattern, Search
from maildaemon.domain.retention import Retention
from maildaemon.domain.rules import Condition, Rule
from maildaemon.domain.timepolicy import EscalationStep, FollowUpStep, Promise, TimePolicy
from maildaemon.domain.understanding import Link, Priority
from maildaemon.settings.models import MailboxSettings, Settings
from maildaemon.settings.policies import (
    AttachmentSettings,
    LimitSettings,
    PolicySections,
    RetentionSettings,
)
from maildaemon.settings.promises import (
    ContactSettings,
    EscalationSettings,
    HourSettings,
    NoticeSettings,
    PromisesSettings,
)
from maildaemon.settings.rules import RuleCondition, RuleSettings

_LOCAL_PART = 64


def make_policy(settings: Settings, mailbox: MailboxSettings) -> Policy:
    """Return what the configuration decides for one mailbox, as the decisions see it."""
    policy, modes = settings.policy_of(mailbox), settings.mode_of(mailbox)
    zone, usual = policy.hours.timezone, policy.languages.default
    languages = mailbox.languages or policy.languages.supported
    return Policy(
        mailbox=mailbox.name,
        sender=Address(mailbox.display_name or "", mailbox.address),
        addresses=frozenset(one.lower() for one in (mailbox.address, *mailbox.aliases)),
        staff=frozenset(map(str.lower, _staff(settings, mailbox))),
        trust_reply_to=frozenset(one.lower() for one in mailbox.trust_reply_to),
        authserv_id=mailbox.authserv_id,
        default_language=usual if usual in languages else languages[0],
        languages=languages,
        reply_within=settings.service.reply_within,
        mode=modes.default,
        echo_subject=mailbox.echo_subject,
        max_message_size=policy.attachments.max_message_size,
        attachments=_attachments(policy.attachments),
        limits=_limits(policy.limits),
        reads=mailbox.reads,
        warned=tuple(sorted(set(map(str.lower, mailbox.staff)))),
        modes=modes.sections,
        notices=tuple(_notice(one, zone) for one in policy.notices),
        plus_address=mailbox.plus_address,
        privacy_url=policy.privacy.notice,
        retention=_retention(policy.privacy.retention),
        partners=tuple(Partner(one.name, one.address.lower()) for one in policy.partners),
        contacts=_contacts(policy.contacts),
        hours=make_hours(policy.hours),
        rules=tuple(map(_rule, policy.rules)),
        probe=_probing(settings, mailbox),
        control=Control(settings.control.keywords, settings.control.folders),
        order_numbers=tuple(
            NumberPattern(one.name, one.pattern, one.checksum) for one in policy.order_numbers
        ),
        time=_time(policy),
    )


def _staff(settings: Settings, mailbox: MailboxSettings) -> Iterator[str]:
    """Yield the addresses of colleagues: whom a rule or an escalation gives a conversation is one,
    too.
    """
    yield from (*mailbox.staff, *_colleagues(settings))
    policy = settings.policy_of(mailbox)
    yield from (one.assign for one in policy.rules if one.assign)
    yield from (address for one in policy.escalation for address in one.to)


def _retention(wanted: RetentionSettings | None) -> Retention:
    if wanted is None:
        return Retention()
    return Retention(wanted.raw, wanted.files, wanted.bodies, wanted.personal, wanted.statistics)


def _probing(settings: Settings, mailbox: MailboxSettings) -> Probing | None:
    probe = settings.probe
    if probe is None or mailbox.smtp is None:
        return None
    to = mailbox.probe_address or _plus_address(mailbox.address)
    return Probing(probe.every, probe.late_after, to)


def _plus_address(address: str) -> str:
    """Return the address itself where a longer one would be too long."""
    local, _, domain = address.rpartition("@")
    # RFC 5321 §4.5.3.1.1: the local part has at most 64 octets.
    fits = len(f"{local}+probe".encode()) <= _LOCAL_PART
    return f"{local}+probe@{domain}" if fits else address


def _contacts(contacts: ContactSettings | None) -> Contacts | None:
    return Contacts(contacts.telephone, contacts.hours) if contacts else None


def _colleagues(settings: Settings) -> Iterator[str]:
    """Yield the addresses of those whose own accounts are watched."""
    for one in settings.mailboxes:
        if one.reads is Reads.SENT_ONLY:
            yield from (one.address, *one.aliases)


def _attachments(attachments: AttachmentSettings) -> AttachmentPolicy:
    archives, scanner = attachments.archives, attachments.scanner
    return AttachmentPolicy(
        max_file_size=attachments.max_file_size,
        max_total_size=attachments.max_total_size,
        max_files=attachments.max_files,
        allowed_types=attachments.allowed_types,
        blocked_extensions=frozenset(attachments.blocked_extensions),
        archives=ArchivePolicy(
            max_depth=archives.max_depth,
            max_files=archives.max_files,
            max_size=archives.max_size,
            max_ratio=archives.max_ratio,
            encrypted=archives.encrypted,
        ),
        macros=attachments.macros,
        unscanned=scanner.unreachable if scanner else Treatment.ACCEPT,
    )


def _limits(limits: LimitSettings) -> Limits:
    return Limits(
        per_address=limits.per_address,
        per_thread=limits.per_thread,
        per_mailbox=limits.per_mailbox,
        burst=limits.burst,
        longest_delay=limits.longest_delay,
        reopen_within=limits.reopen_within,
        same_subject_within=limits.same_subject_within,
    )


def _notice(notice: NoticeSettings, zone: ZoneInfo) -> Notice:
    return Notice(
        template=notice.template,
        starts_at=_midnight(notice.since, zone),
        ends_at=_midnight(notice.until + timedelta(days=1), zone),
        last_day=notice.until,
    )


def make_hours(hours: HourSettings) -> Hours:
    """Return when the shop works, with all the holidays that are named."""
    return Hours(hours.open, hours.timezone, frozenset(hours.holidays.days))


def _time(policy: PolicySections) -> TimePolicy:
    return TimePolicy(
        promises=tuple(_promises(policy.promises)),
        escalation=tuple(map(_escalation, policy.escalation)),
        follow_up=tuple(
            FollowUpStep(one.after, one.template, one.resolve) for one in policy.follow_up
        ),
        feedback=policy.feedback.after if policy.feedback else None,
    )


def _promises(promises: PromisesSettings) -> Iterator[tuple[Priority, Promise]]:
    """Yield what is promised at each priority: what one does not say is as for `normal`."""
    usual = promises.normal.given() if promises.normal else {}
    for priority in Priority:
        own = getattr(promises, priority.value)
        if own is not None:
            yield priority, Promise(**{**usual, **own.given()})


def _escalation(step: EscalationSettings) -> EscalationStep:
    return EscalationStep(
        to=step.to,
        after=step.after,
        category=step.when.category,
        priority=step.when.priority,
        tags=step.when.tags,
        answer_within=step.answer_within,
        tell_customer=step.tell_customer,
    )


def _rule(rule: RuleSettings) -> Rule:
    return Rule(
        name=rule.name,
        when=_condition(rule.when),
        category=rule.set.category,
        priority=rule.set.priority,
        tags=rule.set.tags,
        promise=rule.set.promise,
        need=rule.need,
        faq=tuple(Link(one.title, one.url) for one in rule.faq),
        assign=rule.assign,
        forward=rule.forward,
        mute=rule.mute,
        after_answer=rule.after_answer,
    )


def _condition(when: RuleCondition) -> Condition:
    def searches(words: tuple[str, ...]) -> tuple[Search, ...]:
        return tuple(Search(one, when.places) for one in words)

    return Condition(
        any=searches(when.any),
        all=searches(when.all),
        none=searches(when.none),
        senders=when.sender,
        recipients=tuple(one.lower() for one in when.recipient),
        attachments=when.attachments,
        languages=when.language,
        hours=when.hours,
    )


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
