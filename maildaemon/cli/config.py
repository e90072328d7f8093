"""`maildaemon config`: every option, and what is in force."""

import click

from maildaemon.cli.invocation import Invocation
from maildaemon.cli.output import json_option, put_json, say
from maildaemon.cli.teach import examples
from maildaemon.cli.verbs import Verbs


@click.group(cls=Verbs, epilog=examples("maildaemon config example", "maildaemon config show"))
def config() -> None:
    """Show options: all that exist, or those in force.

    The file is read strictly; `maildaemon check` names every mistake in it at once.
    """


@config.command("schema", epilog=examples("maildaemon config schema > maildaemon.schema.json"))
def schema() -> None:
    """Print the JSON Schema of the configuration file.

    Editors with a YAML language server use it to complete and to check while you type.
    """
    import json

    from maildaemon.settings import json_schema

    say(json.dumps(json_schema(), indent=2, ensure_ascii=False))


@config.command("example", epilog=examples("maildaemon config example > maildaemon.yaml"))
def example() -> None:
    """Print a configuration with every option explained.

    It loads as it stands; `maildaemon init` writes a short one with your own servers.
    """
    from maildaemon.settings import example as text
    from maildaemon.shipped import shipped

    say(f"# The pages named here as docs/... lie in {shipped('docs')}.\n")
    say(text().removesuffix("\n"))


@config.command("show", epilog=examples("maildaemon --config new.yaml config show"))
@json_option
@click.pass_obj
def show(invocation: Invocation, *, as_json: bool) -> None:
    """Print the configuration in force, defaults filled in.

    Passwords that stand in the file are left out; apart from them, what is printed is itself a
    configuration.
    """
    settings = invocation.settings()
    if as_json:
        put_json(settings.model_dump(mode="json"))
        return

    from maildaemon.settings import show as text

    say(text(settings).removesuffix("\n"))
