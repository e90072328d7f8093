"""`maildaemon run`: the daemon itself."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from maildaemon.cli.exits import Exit, complain, exit_for
from maildaemon.cli.hang_up import note_early_hang_up
from maildaemon.cli.invocation import Invocation
from maildaemon.cli.output import local, note
from maildaemon.cli.teach import examples

if TYPE_CHECKING:
    from maildaemon.bootstrap import Parts
    from maildaemon.locks import Locks
    from maildaemon.services.crew import Shortfall, Step
    from maildaemon.settings import Settings

_SERVICES = ("imap", "smtp")
_STEPS = ("receive", "process", "fire", "deliver", "settle")


@click.command(
    epilog=examples(
        "maildaemon run",
        "maildaemon run --once                            from cron, say",
        "maildaemon run --only receive --only process",
        "kill -HUP $(cat var/lock)                        a service reads its file",
    )
)
@click.option("--once", is_flag=True, help="Do what is due now, once, and end.")
@click.option(
    "--only",
    multiple=True,
    type=click.Choice(_STEPS),
    metavar="LOOP",
    help=f"Run only this loop ({', '.join(_STEPS)}); may be given several times.",
)
@click.pass_obj
def run(invocation: Invocation, *, once: bool, only: tuple[str, ...]) -> int:
    """Watch the mailboxes, record what arrives, and answer.

    Runs until it is told to stop (SIGTERM, or Ctrl-C; a second Ctrl-C ends it at once). It may be
    killed at any time: nothing is lost, and the next start goes on where this one ended. What it
    does is logged to standard error, one line a step. A variable with a password that is not set
    ends it at once, with 78; a file or a command that gives none yet is asked again.

    SIGHUP has a service read its configuration anew: if everything in it can be used, it is in
    force from then on; if not, each problem is logged (config.refused) and the old one stays. In
    a terminal SIGHUP means that the window was closed, and ends it in order (window.closed).
    """
    note_early_hang_up()
    settings = invocation.settings()

    import asyncio

    from maildaemon.services.crew import Step, logins_of
    from maildaemon.settings import require_variables

    steps = frozenset(Step(one) for one in only)
    require_variables(settings, logins_of(steps))

    from maildaemon.adapters.supervisor import Supervisor
    from maildaemon.cli.serve import Service
    from maildaemon.locks import Locks

    _set_up_log(settings)
    supervisor = Supervisor.of()
    with Locks() as locks:
        if once:
            return _run_once(settings, steps, locks)

        async def serve() -> None:
            await Service(invocation, steps, locks, _set_up_log, supervisor).run(settings)

        asyncio.run(serve())
    return Exit.OK


def _set_up_log(settings: "Settings", key: bytes | None = None) -> None:
    from maildaemon.adapters.log import set_up_log

    service = settings.service
    set_up_log(
        json_lines=service.log_format.value == "json",
        level=service.log_level.value,
        addresses=service.log_addresses.value,
        key=key,
    )


def _run_once(settings: "Settings", only: "frozenset[Step]", locks: "Locks") -> int:
    import asyncio

    from maildaemon.bootstrap import open_daemon
    from maildaemon.cli.serve import catch_signals, keep_configuration, warn

    async def work_off(parts: "Parts") -> "tuple[Shortfall, ...]":
        catch_signals(parts.daemon.stop, keep_configuration)
        try:
            return await parts.daemon.run_once()
        finally:
            await parts.daemon.close()

    locks.take(settings)
    with open_daemon(settings, only, locks.holder(settings)) as parts:
        _set_up_log(settings, parts.key)
        warn(settings)
        shortfalls = asyncio.run(work_off(parts))
        resting = _resting(parts, {one.mailbox for one in shortfalls})
    for one in shortfalls:
        complain(one.error, about=one.mailbox)
    for line in resting:
        note(line)
    codes = [exit_for(one.error) for one in shortfalls]
    return max([*codes, *(Exit.UNAVAILABLE for _ in resting)], default=Exit.OK)


def _resting(parts: "Parts", told: Iterable[str]) -> list[str]:
    """Return which accounts were left alone because they failed a moment ago: `--once` must not
    look like a success then. Whose trouble is told already is left out.
    """
    from maildaemon.adapters.clock import utc_now

    lines = []
    for mailbox in parts.settings.mailboxes:
        if mailbox.name in told:
            continue
        with parts.store.begin() as tx:
            mailbox_id = tx.mailboxes.ensure(mailbox.name).mailbox_id
            accounts = [(name, tx.mailboxes.account(mailbox_id, name)) for name in _SERVICES]
        for name, account in accounts:
            until = account.next_attempt_at
            if until is not None and until > utc_now():
                lines.append(
                    f"error: {mailbox.name}: {name.upper()} is left alone until {local(until)}, "
                    f"because of: {account.last_error}"
                )
    return lines
