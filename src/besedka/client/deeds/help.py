"""What somebody can do, in words for whoever has never been here."""

from __future__ import annotations

from textwrap import wrap

from besedka.chat.text import harmless_line
from besedka.client.command_table import COMMANDS, GROUPS, Command, Group
from besedka.client.commands import command_called
from besedka.client.showing import INDENT, Look
from besedka.words import _

_ALL = "all"

_CHARACTERS_MAX = 79
"""Of a line, so that the narrowest terminals break none."""


def help_lines(word: str, look: Look) -> list[str]:
    """The help about a word: a command, a group of them, all, or (empty) what there is."""
    wanted = word.strip().removeprefix("/").casefold()
    command = command_called(wanted)
    if not wanted:
        return _overview(look)
    if wanted == _ALL:
        return [line for group in Group for line in _of_group(group, look)]
    for group in Group:
        if wanted == group.value:
            return _of_group(group, look)
    if command is not None:
        return _of_command(command, look)
    text = _("There is nothing called {word} here; /help shows what there is.")
    return [look.dim("-- " + text.format(word=harmless_line(word)[:40]))]


def _overview(look: Look) -> list[str]:
    width = max(len(group.value) for group in Group)
    lines = [
        _("What you type is said in the room that stands before the cursor; who is there sees it at once."),
        _("A line that begins with / does something else:"),
    ]
    for group, about in GROUPS.items():
        words = " ".join(f"/{one.word}" for one in COMMANDS if one.group is group)
        lines.append(f"  {look.bold(f'{group.value:<{width}}')}  {_(about)}")
        lines += [f"  {'':<{width}}  {look.dim(line)}" for line in wrap(words, _CHARACTERS_MAX - width - 4)]
    lines.append(_("/help talking tells more about the first of these, and so on; /help ban about one command."))
    return lines


def _of_group(group: Group, look: Look) -> list[str]:
    commands = [one for one in COMMANDS if one.group is group]
    width = min(32, max(len(one.usage) for one in commands))
    return [look.bold(_(GROUPS[group])), *(f"  {one.usage:<{width}}  {_(one.summary)}" for one in commands)]


def _of_command(command: Command, look: Look) -> list[str]:
    lines = [look.bold(command.usage), INDENT + _(command.summary)]
    for sentence in command.details:
        lines += wrap(_(sentence), _CHARACTERS_MAX, initial_indent=INDENT, subsequent_indent=INDENT)
    lines.append(INDENT + _("for example: {line}").format(line=command.example))
    if command.also:
        lines.append(INDENT + look.dim(_("also: {words}").format(words=" ".join(f"/{one}" for one in command.also))))
    return lines
