"""Request ids: what RFC 9562 §5.7 says, and that they grow."""

from __future__ import annotations

import uuid

from besedka.client.ids import Ids


def test_an_id_is_a_uuid_of_version_7_with_its_time_first() -> None:
    made = Ids(now=lambda: 0x017F22E279B0, token_bytes=lambda count: b"\xff" * count)()
    parsed = uuid.UUID(made)
    assert parsed.version == 7
    assert parsed.variant == uuid.RFC_4122
    assert made.startswith("017f22e279b0")
    assert len(made) == 32
    assert made == made.lower()


def test_ids_grow_while_the_clock_stands_still_or_goes_back() -> None:
    times = iter([5, 5, 5, 3, 6, 6])
    ids = Ids(now=lambda: next(times), token_bytes=lambda count: b"\xff" * count)
    made = [ids() for _ in range(6)]
    assert made == sorted(set(made))
    assert all(uuid.UUID(one).version == 7 for one in made)


def test_two_devices_in_the_same_millisecond_differ_by_chance() -> None:
    one = Ids(now=lambda: 5, token_bytes=lambda count: b"\x01" * count)()
    other = Ids(now=lambda: 5, token_bytes=lambda count: b"\x02" * count)()
    assert one != other
