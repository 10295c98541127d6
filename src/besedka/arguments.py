"""What several words of the command line take."""

from __future__ import annotations

from pathlib import Path

import click


def _data(_context: click.Context, _option: click.Parameter, value: Path | None) -> Path:
    """Where the data are: as chosen, else where this system keeps a user's."""
    if value is not None:
        return value.absolute()
    from platformdirs import user_data_path

    return user_data_path("besedka", appauthor=False)


data_option = click.option(
    "--data", type=click.Path(path_type=Path), callback=_data, help="The data directory.", metavar="DIR"
)
