"""Settings of rooms: presets, changes, and what of a change is one."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given

from besedka.chat.entries import Kind, SettingsChange
from besedka.chat.settings import PRESETS, RoomSettings, changed, effective
from shapes import values_of


def test_what_can_be_set_can_be_changed() -> None:
    assert RoomSettings.__struct_fields__ == SettingsChange.__struct_fields__


@given(values_of(RoomSettings), values_of(SettingsChange))
def test_a_change_sets_what_it_names_and_nothing_else(settings: RoomSettings, change: SettingsChange) -> None:
    after = changed(settings, change)
    for name in SettingsChange.__struct_fields__:
        wanted = getattr(change, name)
        assert getattr(after, name) == (getattr(settings, name) if wanted is None else wanted)


@given(values_of(RoomSettings), values_of(SettingsChange))
def test_what_of_a_change_is_one_does_all_of_it_and_is_nothing_afterwards(
    settings: RoomSettings, change: SettingsChange
) -> None:
    least = effective(settings, change)
    assert changed(settings, least) == changed(settings, change)
    assert effective(changed(settings, change), change) == SettingsChange()
    for name, value in msgspec.structs.asdict(least).items():
        assert value is None or value != getattr(settings, name)


@pytest.mark.parametrize("kind", Kind)
def test_what_a_kind_begins_with(kind: Kind) -> None:
    closed = kind is not Kind.PUBLIC
    assert PRESETS[kind] == RoomSettings(invite_only=closed, hidden=closed)


def test_a_key_is_in_no_log_line() -> None:
    assert "rake" not in f"{RoomSettings(key='rake')!r} {SettingsChange(key='rake')!r}"
    assert "rake" not in str([RoomSettings(key="rake"), SettingsChange(key="rake")])
