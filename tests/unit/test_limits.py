"""The limits as a value: defaults that hold, and every broken relation reported at once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from besedka import limits
from besedka.limits import Limits, LimitsBroken


def limits_with(**changed: Any) -> Limits:
    return Limits(**changed)


NAMES = [field.name for field in msgspec.structs.fields(Limits)]


def test_the_defaults_hold() -> None:
    assert Limits().flood is True


@pytest.mark.parametrize("name", [name for name in NAMES if name != "flood"])
def test_no_limit_is_negative(name: str) -> None:
    with pytest.raises(LimitsBroken) as broken:
        limits_with(**{name: -1})
    assert f"{name} >= 0" in broken.value.relations


@pytest.mark.parametrize("name", ["message_bytes_max", "sessions_max", "requests_per_second", "hash_parallel_max"])
def test_what_would_let_nothing_through_is_above_zero(name: str) -> None:
    with pytest.raises(LimitsBroken) as broken:
        limits_with(**{name: 0})
    assert f"{name} > 0" in broken.value.relations


@pytest.mark.parametrize("name", ["gate_waiting_max", "login_free_failures", "grace_seconds", "log_files_max"])
def test_zero_may_switch_something_off(name: str) -> None:
    assert getattr(limits_with(**{name: 0}), name) == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("frame_bytes_before_login_max", 65_537),
        ("frame_bytes_max", 1 << 24),
        ("message_bytes_max", 6829),
        ("tags_bytes_max", 6827),
        ("message_bytes_max", 8192),
        ("message_bytes_max", 32_769),
        ("password_bytes_max", 1366),
        ("rooms_per_account_max", 1639),
        ("turn_requests_per_session_max", 257),
        ("turn_requests_per_session_max", 129),
        ("turn_bytes_max", 65_535),
        ("rooms_listed_max", 3277),
        ("people_listed_max", 2971),
        ("marks_max", 5841),
        ("whowas_max", 8721),
        ("data_keys_max", 5578),
        ("markers_max", 15_000),
        ("ignored_max", 25_000),
        ("tokens_per_account_max", 1984),
        ("reactions_listed_max", 28_672),
        ("run_bytes_max", 1_969_152),
        ("members_max", 57_344),
    ],
)
def test_a_broken_relation_names_its_limits(name: str, value: int) -> None:
    with pytest.raises(LimitsBroken) as broken:
        limits_with(**{name: value})
    assert all(re.search(rf"\b{name}\b", relation) for relation in broken.value.relations)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(LimitsBroken) as broken:
        Limits(sessions_max=0, log_bytes_max=-1, turn_bytes_max=1)
    assert len(broken.value.relations) == 3
    assert all(relation in str(broken.value) for relation in broken.value.relations)


def test_it_is_frozen_and_knows_its_own_names_only() -> None:
    with pytest.raises(AttributeError):
        Limits().sessions_max = 1  # type: ignore[misc]
    with pytest.raises(TypeError):
        Limits(no_such_limit=1)  # type: ignore[call-arg]
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"no_such_limit": 1}, Limits)


@pytest.mark.parametrize("name", NAMES)
def test_every_limit_says_why(name: str) -> None:
    source = Path(limits.__file__).read_text()
    assert re.search(rf'^    {name}: .*\n    """\S', source, re.MULTILINE), "write its reason beneath it"
