"""What is typed for a command: where there is none of that name, the one that was meant."""

import difflib
from collections.abc import Iterator

import click

from maildaemon.cli.exits import WrongRequestError


class Verbs(click.Group):
    """Commands that belong together. One that is mistyped, or looked for in the wrong place, is
    told where it stands.
    """

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that is named first; WrongRequestError if there is none."""
        name = args[0]
        if name.startswith("-") or self.get_command(ctx, name) is not None:
            return super().resolve_command(ctx, args)
        program, _, group = ctx.command_path.partition(" ")
        typed, meant = f"{group} {name}".lstrip(), _meant(ctx, name)
        hint = f"; did you mean `{meant}`?" if meant else ""
        see = f"see: {program} {meant or group}".rstrip()
        raise WrongRequestError(f"there is no command `{typed}`{hint}", f"{see} --help")


def _meant(ctx: click.Context, name: str) -> str | None:
    """Return which command was meant: a similar one here, else one of this or a similar name
    elsewhere; None if nobody can tell.
    """
    here, everywhere = ctx.command, [*_all(ctx.find_root())]
    assert isinstance(here, click.Group)  # noqa: S101  whoever resolves a command has some
    prefix = ctx.command_path.partition(" ")[2]
    if near := difflib.get_close_matches(name, here.list_commands(ctx), 1):
        return f"{prefix} {near[0]}".lstrip()
    last = {one: one.rpartition(" ")[2] for one in everywhere}
    same = [one for one in everywhere if last[one] == name]
    close = difflib.get_close_matches(name, last.values(), 1)
    similar = [one for one in everywhere if last[one] in close]
    return next(iter(same + similar), None)


def _all(root: click.Context) -> Iterator[str]:
    """Yield every command as it is typed, those of groups after their group."""
    program = root.command
    assert isinstance(program, click.Group)  # noqa: S101  the program itself
    for name in program.list_commands(root):
        yield name
        command = program.get_command(root, name)
        if isinstance(command, click.Group):
            yield from (f"{name} {verb}" for verb in command.list_commands(root))
