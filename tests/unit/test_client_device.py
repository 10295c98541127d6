"""What a device keeps: whole, private, and no obstacle when it is damaged."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from besedka.client.device import AUTHORITY, Address, Device, DeviceFault, this_device

HOME = Address("home.example", 9090)


def test_a_new_device_offers_the_defaults_and_knows_nobody(tmp_path: Path) -> None:
    device = Device(tmp_path / "none")
    assert device.last() == (Address("127.0.0.1", 9090), "")
    assert device.token(HOME, "ann") is None
    assert device.known(HOME) is None
    assert not (tmp_path / "none").exists()


def test_what_was_kept_is_there_for_the_next(tmp_path: Path) -> None:
    device = Device(tmp_path / "state")
    device.keep_last(HOME, "Ann")
    device.keep_token(HOME, "Ann", "secret")
    device.keep_known(HOME, "SHA256:abc")
    again = Device(tmp_path / "state")
    assert again.last() == (HOME, "Ann")
    assert again.token(HOME, "ANN") == "secret", "names that fold alike are one"
    assert again.token(Address("home.example", 9091), "ann") is None
    assert again.known(Address("HOME.example.", 9090)) == "SHA256:abc"
    again.keep_token(HOME, "ann", None)
    assert device.token(HOME, "Ann") is None


def test_everything_is_for_its_owner_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        device = Device(tmp_path / "state")
        device.keep_token(HOME, "ann", "secret")
        device.keep_known(HOME, AUTHORITY)
        device.claim(HOME, "ann")
        device.release()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
    for file in (tmp_path / "state").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_known_servers_is_a_file_that_people_edit(tmp_path: Path) -> None:
    device = Device(tmp_path)
    device.known_servers.write_text("# mine\nold.example:1 SHA256:x\nnonsense\n")
    device.keep_known(HOME, "SHA256:y")
    device.keep_known(Address("::1", 9090), AUTHORITY)
    device.keep_known(HOME, AUTHORITY)
    assert device.known_servers.read_text().splitlines() == [
        "# mine",
        "old.example:1 SHA256:x",
        "nonsense",
        "[::1]:9090 authority",
        "home.example:9090 authority",
    ]
    assert device.known(Address("old.example", 1)) == "SHA256:x"


@pytest.mark.parametrize("damage", [b"{", b"\xff", b'{"tokens": 3}', b"[]"])
def test_damage_costs_a_password_and_no_more(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "device.json").write_bytes(damage)
    device = Device(tmp_path)
    assert device.token(HOME, "ann") is None
    device.keep_token(HOME, "ann", "secret")
    assert device.token(HOME, "ann") == "secret"


def test_the_oldest_tokens_go(tmp_path: Path) -> None:
    device = Device(tmp_path)
    for number in range(70):
        device.keep_token(Address("home", number + 1), "ann", str(number))
    assert device.token(Address("home", 1), "ann") is None
    assert device.token(Address("home", 70), "ann") == "69"


def test_two_clients_at_once_lose_nothing(tmp_path: Path) -> None:
    names = [f"n{number}" for number in range(20)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: Device(tmp_path).keep_token(HOME, name, name), names))
    assert [Device(tmp_path).token(HOME, name) for name in names] == names


def test_clients_at_once_have_a_token_each_and_find_it_again(tmp_path: Path) -> None:
    first, second = Device(tmp_path), Device(tmp_path)
    for device, token in ((first, "one"), (second, "two")):
        device.claim(HOME, "ann")
        assert device.token(HOME, "Ann") is None
        device.keep_token(HOME, "ann", token)
        assert device.token(HOME, "Ann") == token
    first.release()
    third = Device(tmp_path)
    third.claim(HOME, "ANN")
    assert third.token(HOME, "ann") == "one", "the first that nobody has"
    second.claim(HOME, "ann")
    assert second.token(HOME, "ann") == "two", "claimed anew"
    second.keep_token(HOME, "ann", None)
    assert third.token(HOME, "ann") == "one"
    second.claim(HOME, "bob")
    assert second.token(HOME, "bob") is None
    third.release()
    second.release()
    assert Device(tmp_path).token(HOME, "ann") == "one", "whoever claims nothing has the first"


def test_there_is_an_end_of_clients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("besedka.client.device.CLAIMS_MAX", 1)
    first, second = Device(tmp_path), Device(tmp_path)
    first.claim(HOME, "ann")
    with pytest.raises(DeviceFault, match="Too many clients"):
        second.claim(HOME, "ann")
    first.release()
    second.claim(HOME, "ann")
    second.release()


def test_what_cannot_be_kept_or_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DeviceFault, match="cannot be written"):
        Device(tmp_path / "file" / "state").keep_last(HOME, "ann")
    (tmp_path / "known_servers").mkdir()
    with pytest.raises(DeviceFault, match="cannot be read"):
        Device(tmp_path).known(HOME)


def test_the_place_can_be_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BESEDKA_STATE", str(tmp_path / "here"))
    assert this_device().known_servers == tmp_path / "here" / "known_servers"
    monkeypatch.delenv("BESEDKA_STATE")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert this_device().known_servers == tmp_path / "besedka" / "known_servers"


def test_secrets_are_in_no_repr(tmp_path: Path) -> None:
    device = Device(tmp_path)
    device.keep_token(HOME, "ann", "s3cret")
    assert "s3cret" not in repr(device._kept())
