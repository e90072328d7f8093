"""`maildaemon completion`: has a shell complete commands and options; click knows how."""

import click

from maildaemon.cli.invocation import COMPLETION
from maildaemon.cli.output import say
from maildaemon.cli.teach import examples

_PROGRAM = "maildaemon"
_FISH = "~/.config/fish/completions/maildaemon.fish"
_WHERE = {
    "bash": 'add this line to ~/.bashrc:  eval "$(maildaemon completion bash)"',
    "zsh": 'add this line to ~/.zshrc, below compinit:  eval "$(maildaemon completion zsh)"',
    "fish": f"run:  maildaemon completion fish > {_FISH}",
}


@click.command(
    epilog=examples(
        "maildaemon completion bash        what to put where stands on top",
        'eval "$(maildaemon completion bash)"           in this terminal alone',
        f"maildaemon completion fish > {_FISH}",
    )
)
@click.argument("shell", type=click.Choice(tuple(_WHERE)))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Have the Tab key complete what is typed in a shell.

    Prints a script for the shell, and on top of it where it is to be put. Then Tab completes
    commands, options and file names in every new terminal.
    """
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None  # noqa: S101  click knows these three
    say(f"# To have it in every terminal, {_WHERE[shell]}")
    say(found(context.find_root().command, {}, _PROGRAM, COMPLETION).source())


def complete(program: click.Command, asked: str) -> int:
    """Answer a shell that asks what may come next; return the exit code."""
    from click.shell_completion import shell_complete

    return shell_complete(program, {}, _PROGRAM, COMPLETION, asked)
