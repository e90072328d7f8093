"""The command `maildaemon demo`."""

import click

from maildaemon.cli.teach import examples


@click.command(epilog=examples("maildaemon demo"))
def demo() -> int:
    """Show the daemon at work, on throw-away mail servers.

    Needs no configuration and no account, and leaves nothing behind: servers, database and mails
    live in a temporary folder. Takes some seconds; ends with 0 if everything came out as it
    should.
    """
    from maildaemon.cli.demo import demo as play

    return play()
