"""The command line: what each word does, in one sentence each, and no traceback ever.

Everything heavy is imported by the word that needs it: `besedka chat` must not wait for a database.
"""

from __future__ import annotations

import contextlib
import heapq
import sys
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from besedka import __version__
from besedka.arguments import data_option
from besedka.asking import ask_server, do
from besedka.failures import Failure, Misuse
from besedka.words import _

if TYPE_CHECKING:
    from besedka.admin.oldusers import BadLine

STOPPING_SECONDS = 5.0
"""How long `ctl shutdown` waits for the server to be gone."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its status."""
    sys.exit(_status(arguments))


def _status(arguments: Sequence[str] | None) -> int:
    try:
        outcome = besedka(args=arguments, prog_name="besedka", standalone_mode=False)
        return outcome if isinstance(outcome, int) else 0
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except (click.Abort, KeyboardInterrupt):
        return 1
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except BrokenPipeError:
        return _output_is_gone()
    except Exception as error:  # The outermost edge: a traceback would show values, and help nobody.
        place = _place(error)
        sentence = _("this should not have happened ({what} at {place}); please report it")
        Failure(sentence.format(what=type(error).__name__, place=place)).show()
        return 1


def _output_is_gone() -> int:
    """Whoever read our output has gone; keep the interpreter from complaining about it at its end."""
    import os

    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


def _place(error: Exception) -> str:
    import traceback

    frame = traceback.extract_tb(error.__traceback__, limit=-1)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"


class _Words(click.Group):
    """The words of the command line; some are read when they are asked for, `bench` because it brings a client."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """For `--help`."""
        return sorted([*super().list_commands(ctx), "bench", "backup", "restore", "doctor", "room"])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name."""
        if cmd_name == "bench":
            from besedka.bench.command import bench

            return bench
        if cmd_name in ("backup", "restore", "doctor"):
            from besedka import safekeeping

            return safekeeping.COMMANDS[cmd_name]
        if cmd_name == "room":
            from besedka.roomwords import room

            return room
        return super().get_command(ctx, cmd_name)


@click.group(cls=_Words, context_settings={"help_option_names": ["-h", "--help"]}, no_args_is_help=True)
@click.version_option(__version__, prog_name="besedka", message="%(prog)s %(version)s")
def besedka() -> None:
    """A self-hosted chat: one command to start, every acknowledged word kept."""


class _Port(click.ParamType[int]):
    """A port number, or `auto`."""

    name = "port"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """As a number; automatic is 0."""
        if value == "auto":
            return 0
        if not (str(value).isascii() and str(value).isdigit() and int(value) <= 65535):
            self.fail(_("{value!r} is neither a port from 1 to 65535 nor `auto`").format(value=value), param, ctx)
        return int(value)


# serve, chat -----------------------------------------------------------------------------------------------------


@besedka.command()
@click.option("--host", help="The address to listen on.  [127.0.0.1]")
@click.option(
    "--port", type=_Port(), metavar="N|auto", help="The port; `auto` takes a free one.  [9090, or a free one]"
)
@data_option
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="The configuration, in TOML.")
@click.option("--no-console", is_flag=True, help="Do not read commands from the terminal.")
def serve(host: str | None, port: int | None, data: Path, config: Path | None, no_console: bool) -> int:
    """Start the server; `help` on its console lists the commands."""
    from besedka.config import ConfigFault
    from besedka.serve import server

    options = server.ServeOptions(data=data, config=config, host=host, port=port, console=not no_console)
    try:
        return server.run(options)
    except ConfigFault as fault:
        raise Misuse(*fault.faults) from None
    except server.StartFault as fault:
        raise Failure(*fault.sentences) from None


@besedka.command()
@click.argument("host", required=False)
@click.argument("port", required=False)
@click.option("--name", help="The name to enter with.")
@click.option("--plain", is_flag=True, help="No colours and no line editing.")
def chat(host: str | None, port: str | None, name: str | None, plain: bool) -> int:
    """Enter a chat; what is not given is asked for.

    From a pipe or a file, the first line is the name (unless --name gives it), the next the password, always.
    """
    from besedka.client import line

    return line.run_chat(host, port, name, plain)


# ctl -------------------------------------------------------------------------------------------------------------


@besedka.command(context_settings={"ignore_unknown_options": True})
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@data_option
def ctl(command: tuple[str, ...], data: Path) -> int:
    """Give a running server one of its console's commands."""
    from besedka.admin.deeds import ConsoleLine
    from besedka.serve import directory

    ended = ask_server(data, ConsoleLine(line=" ".join(command)))
    if ended is None:
        raise Failure(_("no server is running on {data}").format(data=data))
    if command[0] == "shutdown" and not directory.wait_released(data, seconds=STOPPING_SECONDS):
        raise Failure(
            _("the server on {data} was told to stop, and has not after {seconds:.0f} s").format(
                data=data, seconds=STOPPING_SECONDS
            )
        )
    return ended.status


# user ------------------------------------------------------------------------------------------------------------


@besedka.group(no_args_is_help=True)
def user() -> None:
    """The people of a server, whether it is running or not."""


def _password(from_stdin: bool) -> str:
    """A password from the input, or asked for twice without showing it."""
    if from_stdin:
        raw = sys.stdin.buffer.readline(65_536)
        try:
            return raw.decode().rstrip("\r\n")
        except UnicodeDecodeError:
            raise Failure(_("that password is not UTF-8")) from None
    if not sys.stdin.isatty():
        raise click.UsageError(_("there is no terminal to ask for the password on; use --password-stdin"))
    return str(click.prompt(_("Password"), hide_input=True, confirmation_prompt=_("Password again")))


_stdin_option = click.option("--password-stdin", is_flag=True, help="Read the password from the first line of input.")


@user.command("add")
@click.argument("name")
@_stdin_option
@click.option("--admin", is_flag=True, help="Make it an administrator.")
@data_option
def add(name: str, password_stdin: bool, admin: bool, data: Path) -> int:
    """Make an account."""
    from besedka.admin.deeds import AddUser

    return do(data, AddUser(name=name, password=_password(password_stdin), admin=admin)).status


@user.command("list")
@data_option
def list_users(data: Path) -> int:
    """Show everybody registered."""
    from besedka.admin.deeds import ListUsers

    return do(data, ListUsers()).status


@user.command("invite")
@click.option("--days", type=int, default=7, show_default=True, help="How long it is good.")
@click.option("--uses", type=int, default=1, show_default=True, help="How many people it lets in.")
@data_option
def invite(days: int, uses: int, data: Path) -> int:
    """Make a code by which people register themselves."""
    from besedka.admin.deeds import MakeInvitation

    return do(data, MakeInvitation(days=days, uses=uses)).status


@user.command("passwd")
@click.argument("name")
@_stdin_option
@data_option
def passwd(name: str, password_stdin: bool, data: Path) -> int:
    """Give an account another password; its sessions end."""
    from besedka.admin.deeds import SetPassword

    return do(data, SetPassword(name=name, password=_password(password_stdin))).status


@user.command("role")
@click.argument("name")
@click.argument("role", type=click.Choice(["user", "admin"]))
@data_option
def role(name: str, role: str, data: Path) -> int:
    """Make an account an administrator, or no longer one."""
    from besedka.admin.deeds import SetRole
    from besedka.chat.principals import AccountRole

    return do(data, SetRole(name=name, role=AccountRole(role))).status


@user.command("remove")
@click.argument("name")
@click.option("--redact", is_flag=True, help="Take back everything it said; otherwise that stays, under a tombstone.")
@click.option("--yes", is_flag=True, help="Do not ask first, which is done on a terminal only.")
@data_option
def remove(name: str, redact: bool, yes: bool, data: Path) -> int:
    """End an account for ever. There is no way back."""
    from besedka.admin.deeds import RemoveUser
    from besedka.chat.names import fold

    if not yes and sys.stdin.isatty():
        question = _("This ends the account {name} for ever. To go on, type its name again").format(name=name)
        if fold(click.prompt(question, default="", show_default=False).strip()) != fold(name):
            raise Failure(_("that is another name, so nothing was removed"))
    return do(data, RemoveUser(name=name, redact=redact)).status


@user.command("export")
@click.argument("name")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="A new file; else the output.")
@data_option
def export(name: str, output: Path | None, data: Path) -> int:
    """Write down everything that is known of somebody, as JSON, whether the server runs or not."""
    from besedka.admin.deeds import PersonPart, ReadPerson
    from besedka.newfiles import written

    parts: list[PersonPart] = []
    ended = do(data, ReadPerson(name=name), parts.append)
    if not parts:
        return ended.status
    with written(output) as file:
        while parts:
            part = parts.pop()
            file.write(part.text.encode())
            if part.next:
                do(data, ReadPerson(name=name, after=part.next), parts.append)
                if not parts:
                    raise Failure(_("not all of it could be read"))
        file.flush()
    return 0


def _line(bad: BadLine) -> int:
    return bad.line


def _list_bad(*bad: Sequence[BadLine]) -> None:
    """Those that could not be read and those that were refused, as they stand in the file."""
    for one in heapq.merge(*bad, key=_line):
        click.echo(str(one), err=True)


@user.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@data_option
def import_users(file: Path, data: Path) -> int:
    """Make accounts of the people in an old users file: `name,address,md5hex`, one a line."""
    from besedka.admin.deeds import IMPORT_AT_ONCE_MAX, ImportUsers
    from besedka.admin.oldusers import FILE_BYTES_MAX, read_users

    try:
        with file.open("rb") as opened:
            raw = opened.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise Failure(_("{file} cannot be read: {why}").format(file=file, why=error.strerror)) from None
    if len(raw) > FILE_BYTES_MAX:
        raise Failure(
            _("{file} is larger than {most} bytes, so it is no users file").format(file=file, most=FILE_BYTES_MAX)
        )
    users, bad = read_users(raw)
    total, imported = len(users) + len(bad), 0
    for start in range(0, len(users), IMPORT_AT_ONCE_MAX):
        some = users[start : start + IMPORT_AT_ONCE_MAX]
        ended = do(data, ImportUsers(users=tuple(some)))
        imported += ended.count
        unlisted = bisect_right(bad, some[-1].line, key=_line)
        _list_bad(bad[:unlisted], ended.refused)
        bad = bad[unlisted:]
    _list_bad(bad)
    click.echo(_("{imported} of {total} imported.").format(imported=imported, total=total))
    return 0 if imported == total else 1
