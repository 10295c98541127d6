"""How a command ends that could not do what it should: one sentence a line, and an exit status."""

from __future__ import annotations

from typing import Any

import click


class Failure(click.ClickException):
    """Something that ends a command with exit status 1, one sentence a line."""

    exit_code = 1

    def __init__(self, *sentences: str) -> None:
        super().__init__("\n".join(sentences))

    def show(self, file: Any = None) -> None:
        """On the error output, each sentence with the program's name before it; what it quotes moves no cursor."""
        from besedka.chat.text import harmless_line  # Late, as everything is that only a failure needs.

        for sentence in self.message.splitlines():
            click.echo(f"besedka: {harmless_line(sentence)}", file=file, err=file is None)


class Misuse(Failure):
    """What somebody wrote is wrong, on the command line or in the configuration: exit status 2."""

    exit_code = 2
