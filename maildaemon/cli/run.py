"""`maildaemon run`: the daemon itself."""

import signal
import sys
from typing import TYPE_CHECKING

import click

from maildaemon.cli.exits import Exit
from maildaemon.cli.invocation import Invocation
from maildaemon.cli.output import local, note
from maildaemon.cli.teach import examples

if TYPE_CHECKING:
    from maildaemon.bootstrap import Parts
    from maildaemon.services.daemon import Daemon
    from maildaemon.settings import Settings

_SERVICES = ("imap", "smtp")
_STEPS = ("receive", "process", "deliver", "settle")


@click.command(
    epilog=examples(
        "maildaemon run",
        "maildaemon run --once                            from cron, say",
        "maildaemon run --only receive --only process",
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
    does is logged to standard error, one line a step. A changed configuration counts from the next
    start on: SIGHUP ends it only together with its terminal.
    """
    settings = invocation.settings()

    import asyncio

    from maildaemon.adapters.certificates import require_authorities
    from maildaemon.adapters.log import set_up_log
    from maildaemon.bootstrap import open_daemon
    from maildaemon.services.daemon import Step

    service = settings.service
    set_up_log(json_lines=service.log_format.value == "json", level=service.log_level.value)
    _warn(settings)
    for server in (one for each in settings.mailboxes for one in (each.imap, each.smtp)):
        if server.ca_file is not None:
            require_authorities(server.ca_file)
    with open_daemon(settings, frozenset(Step(one) for one in only)) as parts:
        asyncio.run(_serve(parts.daemon, once=once))
        resting = _resting(parts) if once else []
    for line in resting:
        note(line)
    return Exit.UNAVAILABLE if resting else Exit.OK


async def _serve(daemon: "Daemon", *, once: bool) -> None:
    import asyncio

    loop = asyncio.get_running_loop()

    def stop() -> None:
        # From now on Ctrl-C kills: whoever presses it twice does not want to wait.
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        daemon.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    # What `nohup` has shut out stays out.
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        loop.add_signal_handler(signal.SIGHUP, stop if _in_a_terminal() else _keep_configuration)
    if not once:
        await daemon.run()
        return
    try:
        await daemon.run_once()
    finally:
        await daemon.close()


def _in_a_terminal() -> bool:
    """Tell whether a hang-up means that the window we were started in is closed."""
    return any(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))


def _keep_configuration() -> None:
    """Answer a SIGHUP that asks for the configuration to be read again."""
    import logging

    from maildaemon.services.desk import log

    log(
        "config.kept",
        logging.WARNING,
        signal="SIGHUP",
        advice="the configuration is read at the start only: restart maildaemon",
    )


def _resting(parts: "Parts") -> list[str]:
    """Return which accounts were left alone because they failed a moment ago: `--once` must not
    look like a success then.
    """
    from maildaemon.adapters.clock import utc_now

    lines = []
    for mailbox in parts.settings.mailboxes:
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


def _warn(settings: "Settings") -> None:
    import logging

    from maildaemon.services.desk import log

    for warning in settings.warnings:
        log("config.warned", logging.WARNING, what=str(warning))
