"""Command lines made with Typer: commands, help, suggestions, `--version` and completion. See decision D173."""

import contextlib
import os
import re
import sys
from collections.abc import Callable
from difflib import get_close_matches
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

from terminal import program
from terminal.text import in_utf8, printable

DISTRIBUTION = "orders-and-reminders"
"""The name of the project in pyproject.toml."""

WRONG_USAGE = 2
"""The exit status if the arguments are wrong, or if the command is missing."""


class UsageError(typer.TyperException):
    """Options or arguments do not fit together. The message says why."""

    exit_code = WRONG_USAGE


class _NoCommandError(Exception):
    """Only options were given."""

    def __init__(self, context: Any) -> None:
        self.context = context


def _plain(parameters: list[Any]) -> None:
    """Lets the help show arguments and flags without types and braces: Typer would show `{NAME} <str>` and `<bool>`."""
    for one in parameters:
        if getattr(one, "is_flag", True):
            one.display_type_rich = lambda ctx: None
        if one.param_type_name == "argument":
            name = one.display_name_raw + ("..." if one.nargs != 1 else "")
            usage = [name if one.required else f"[{name}]"]
            one.get_usage_pieces = lambda ctx, usage=usage: usage


class Command(TyperCommand):
    """One command."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        _plain(self.params)

    def get_help_option(self, ctx: Any) -> TyperOption | None:
        return _help(super().get_help_option(ctx))


class Group(TyperGroup):
    """A program with commands. The options of a command may also stand before the command."""

    default: str | None = None
    """The command that runs if the first word is not a command."""

    _shows_shared = False

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        _plain(self.params)

    def get_help_option(self, ctx: Any) -> TyperOption | None:
        return _help(super().get_help_option(ctx))

    def get_params(self, ctx: Any) -> list[Any]:
        own = super().get_params(ctx)
        return [*self._shared(), *own] if self._shows_shared else own

    def format_help(self, ctx: Any, formatter: Any) -> None:
        self._shows_shared = True
        try:
            super().format_help(ctx, formatter)
        finally:
            self._shows_shared = False

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        self._shows_shared = True
        try:
            return super().shell_complete(ctx, incomplete)
        finally:
            self._shows_shared = False

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        own, moved, words = self._sorted(ctx, args)
        if words[:1] == ["--"]:
            # What follows is text, even if it looks like a command.
            words = [self.default, *words] if self.default else words[1:]
        elif words and words[0] not in self.commands and self.default and not ctx.resilient_parsing:
            words = [self.default, *words]
        if not own and not words and not ctx.resilient_parsing:
            raise _NoCommandError(ctx)
        return super().parse_args(ctx, [*own, *words[:1], *moved, *words[1:]])

    def _shared(self) -> list[Any]:
        """The options of the default command, or else those that all commands have."""
        if self.default:
            return [one for one in self.commands[self.default].params if one.param_type_name == "option"]
        first, *others = self.commands.values()
        names = [{name for option in command.params for name in option.opts} for command in others]
        return [one for one in first.params if one.param_type_name == "option" and all(one.opts[0] in s for s in names)]

    def _sorted(self, ctx: Any, args: list[str]) -> tuple[list[str], list[str], list[str]]:
        """The program's own options, the options of commands that stand before the command, and all the rest."""
        own = {name for option in self.get_params(ctx) for name in option.opts}
        takes_value = {
            name: not getattr(option, "is_flag", False)
            for command in self.commands.values()
            for option in command.params
            if option.param_type_name == "option"
            for name in (*option.opts, *option.secondary_opts)
        }
        kept, moved, words = [], [], list(args)
        while words and words[0].startswith("-") and words[0] not in ("-", "--"):
            word = words.pop(0)
            name, equals, _ = word.partition("=")
            if name in own:
                kept.append(word)
            elif name in takes_value:
                values = words[:1] if takes_value[name] and not equals else []
                moved += [word, *values]
                words = words[len(values) :]
            elif not ctx.resilient_parsing:
                ctx.fail(_no_option(name, get_close_matches(name, [*own, *takes_value])))
        return kept, moved, words


def _help(option: TyperOption | None) -> TyperOption | None:
    if option:
        _plain([option])
        option.help = "show this help"
    return option


def _no_option(name: str, like: list[str]) -> str:
    return f"no such option: {name}" + (f". Did you mean {like[0]}?" if like else "")


def _show_version(wanted: bool) -> None:
    if wanted:
        # Imported late, because it takes as long as the rest of this module.
        from importlib import metadata

        print(f"{DISTRIBUTION} {metadata.version(DISTRIBUTION)}")
        raise typer.Exit


Version = Annotated[
    bool,
    typer.Option("--version", help="show the version", callback=_show_version, is_eager=True, expose_value=False),
]
"""The option of a program without commands. `with_commands` adds it to a program with commands."""

SETTINGS = {"help_option_names": ["--help", "-h"]}


def of_one_command(run: Callable[..., int], *, help: str, epilog: str = "") -> typer.Typer:
    """A program without commands. `run` gets the options, and returns the exit status."""
    app = typer.Typer(add_completion=False)
    app.command(cls=Command, help=_unwrapped(help), epilog=_unwrapped(epilog), context_settings=SETTINGS)(run)
    return app


def with_commands(*, help: str, epilog: str = "", default: str | None = None, usage: str | None = None) -> typer.Typer:
    """A program with commands, which `add` adds.

    If the first word is not a command, `default` runs, which `add` adds as a hidden command. `usage` is what stands
    behind the options in the line "Usage".
    """
    app = typer.Typer(
        cls=type("Group", (Group,), {"default": default}),
        help=_unwrapped(help),
        epilog=_unwrapped(epilog),
        add_completion=False,
        context_settings=SETTINGS,
        subcommand_metavar=usage or "COMMAND ...",
    )

    @app.callback()
    def own_options(version: Version = False) -> None:
        pass

    return app


def add(
    app: typer.Typer,
    name: str,
    run: Callable[..., int],
    *,
    help: str,
    hidden: bool = False,
    kind: type[Command] = Command,
) -> None:
    """Adds the command `name`. `run` gets its options and arguments, and returns the exit status.

    The first paragraph of `help` has neither a capital nor a full stop. The list of commands shows only this paragraph.
    """
    first, blank, more = _unwrapped(help).partition("\n\n")
    text = f"{first[0].upper()}{first[1:]}.{blank}{more}"
    app.command(name, cls=kind, help=text, short_help=first, context_settings=SETTINGS, hidden=hidden)(run)


def _unwrapped(text: str) -> str:
    """The text with each paragraph on one line, which the help wraps. A line that begins with a blank stays."""
    return re.sub(r"(?<!\n)\n(?![\n ])", " ", text)


def invoke(app: typer.Typer, name: str, arguments: list[str] | None) -> int:
    """Runs the program `name`. Without `arguments` it takes the arguments of the process. Returns the exit status.

    After wrong usage it prints an error, without card numbers, and returns 2.
    """
    command = get_command(app)
    if f"_{name.replace('-', '_')}_COMPLETE".upper() in os.environ:
        _complete(command, name)
    given = [in_utf8(word) for word in (sys.argv[1:] if arguments is None else arguments)]
    try:
        with command.make_context(name, given) as context:
            status: int = command.invoke(context)
            return status
    except typer.Exit as end:
        return end.exit_code
    except _NoCommandError as error:
        with contextlib.redirect_stdout(sys.stderr):
            print(error.context.get_help())
        return WRONG_USAGE
    except typer.TyperException as error:
        program.complain(_said(error))
        return error.exit_code


def _said(error: typer.TyperException) -> str:
    """The message and the next step, on one line."""
    if hasattr(error, "possibilities"):
        message = _no_option(error.option_name, error.possibilities or [])  # type: ignore[attr-defined]  # not in the base class
    else:
        message = " ".join(error.format_message().split())
        # Typer quotes the commands that it suggests, but no options.
        message = re.sub("Did you mean .+[?]$", lambda found: found[0].replace("'", ""), message)
    message = message[:1].lower() + message[1:].rstrip(".")
    context = getattr(error, "ctx", None)
    if context and context.parent and context.info_name == getattr(context.parent.command, "default", None):
        context = context.parent
    help = f". See `{context.command_path} --help`" if context and not message.endswith("?") else ""
    return printable(message + help)


def one_of(*choices: str, upper: bool = False) -> Callable[[str | None], str | None]:
    """The callback of an option or argument that takes only these values. The error suggests the closest one."""

    def check(text: str | None) -> str | None:
        if text is None:
            return None
        value = text.upper() if upper else text
        if value not in choices:
            like = get_close_matches(value, choices, n=1)
            known = f"{', '.join(choices[:-1])} or {choices[-1]}"
            raise typer.BadParameter(f"{text!r}. Did you mean {like[0]}?" if like else f"use {known}, not {text!r}")
        return value

    return check


def _complete(command: Any, name: str) -> None:
    """Prints what Tab offers, for the shell that asked, and ends the process."""
    from typer._completion_classes import completion_init

    completion_init()
    command.main(prog_name=name)


SHELLS = ("bash", "zsh", "fish")


def completion(shell: str) -> str:
    """The script that lets a shell complete all programs that `make setup` installs: bash, zsh or fish."""
    from importlib import metadata

    from typer._completion_shared import get_completion_script

    programs = [script.name for script in metadata.distribution(DISTRIBUTION).entry_points]

    begin = ["(( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }"] if shell == "zsh" else []
    scripts = [
        get_completion_script(prog_name=name, complete_var=f"_{name.replace('-', '_')}_COMPLETE".upper(), shell=shell)
        for name in programs
    ]
    return "\n".join([*begin, *scripts])
