"""docs/OPERATING.md says what the code says."""

from __future__ import annotations

import re

import msgspec

from besedka.admin.commands import COMMANDS
from besedka.config import parse
from besedka.limits import Limits
from operating import PAGE, filled, limit_reasons


def test_the_tables_of_the_page_are_those_of_the_code() -> None:
    page = PAGE.read_text()
    assert page == filled(page), "run `python tests/operating.py`"


def test_every_limit_has_its_reason() -> None:
    assert set(limit_reasons()) == set(msgspec.structs.asdict(Limits()))


def test_every_command_is_in_the_page() -> None:
    page = PAGE.read_text()
    assert all(f"| `{command.name}" in page for command in COMMANDS.values())


def test_the_examples_are_configurations() -> None:
    forgetting, whole = (parse(one, path=PAGE) for one in re.findall(r"```toml\n(.*?)```", PAGE.read_text(), re.DOTALL))
    assert (forgetting.retention.seconds, forgetting.retention.messages) == (30 * 86_400, 10_000)
    assert whole.name == "linden.example.org"
    assert whole.limits.ping_seconds == 30
