"""Old users files: what is read, and what is said of every line that is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from besedka.admin.oldusers import OldUser, read_users

MD5 = "5f4dcc3b5aa765d61d8327deb882cf99"


def read(text: str | bytes) -> tuple[list[tuple[int, str, str]], list[str]]:
    users, bad = read_users(text.encode() if isinstance(text, str) else text)
    assert all(user.md5_hex == MD5 for user in users)
    return [(user.line, user.name, user.address) for user in users], [str(line) for line in bad]


@pytest.mark.parametrize("mark", [",", ";", "\t", " , "])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("header", ["", "name,address,md5hex", "USERNAME;ip;password", "\n\nlogin\tip\tmd5"])
@pytest.mark.parametrize("first", ["", "\ufeff"])
def test_every_form_of_the_file_is_read(mark: str, end: str, header: str, first: str) -> None:
    rows = [mark.join(("ann", "192.0.2.1", MD5)), "", mark.join(("Боб", "2001:db8::1", MD5.upper()))]
    lines = header.split("\n") if header else []
    users, bad = read(first + end.join(lines + rows))
    at = len(lines) + 1
    assert users == [(at, "ann", "192.0.2.1"), (at + 2, "Боб", "2001:db8::1")]
    assert bad == []


def test_an_empty_file_has_nobody() -> None:
    assert read("") == ([], [])
    assert read("\n \n\r\n") == ([], [])
    assert read("name,address,md5hex\n") == ([], [])


def test_each_bad_line_says_why_and_the_rest_is_read() -> None:
    text = "\n".join(
        (
            f"ann,192.0.2.1,{MD5}",
            "bob,192.0.2.1",
            f"eve,192.0.2.1,{MD5},extra",
            f"dan,192.0.2.1,{MD5[:-1]}",
            f"dan,192.0.2.1,{MD5[:-1]}g",
            f",192.0.2.1,{MD5}",
            f"{'x' * 5000},192.0.2.1,{MD5}",
            f"ANN;192.0.2.9;{MD5}",
            f'"kim","",{MD5}',
            "name,address,md5hex",
        )
    )
    users, bad = read(text)
    assert users == [(1, "ann", "192.0.2.1"), (9, "kim", "")]
    assert bad == [
        "line 2: not three fields (name, address, MD5) between commas, semicolons or tabs",
        "line 3: not three fields (name, address, MD5) between commas, semicolons or tabs",
        "line 4: the third field is no MD5 in 32 hexadecimal digits",
        "line 5: the third field is no MD5 in 32 hexadecimal digits",
        "line 6: no name",
        "line 7: longer than 4096 bytes",
        "line 8: the same name is on line 1",
        "line 10: the third field is no MD5 in 32 hexadecimal digits",
    ]


@pytest.mark.parametrize(
    "address",
    ["", "192.0.2.1", "::1", "2001:db8::1", "fe80::1%eth0", "localhost", "Host-7.example.org.", "my_box", "x" * 63],
)
def test_addresses_and_host_names_are_taken(address: str) -> None:
    assert read(f"ann,{address},{MD5}") == ([(1, "ann", address)], [])


@pytest.mark.parametrize(
    "address",
    ["999.1.1.1", "192.0.2", "1.2.3.4.5", "192.0.2.1:90", "[::1]", "fe80::1%", "fe80::1%\x1b[2J", "a b", "\x1b[2J"]
    + ["-a", "a-.org", "a..org", ".", "дом", "x" * 64, ".".join(["x" * 60] * 5)],
)
def test_what_is_neither_is_said(address: str) -> None:
    assert read(f"ann;{address};{MD5}") == ([], ["line 1: the second field is neither an IP address nor a host name"])


def test_a_line_that_is_not_utf8_is_bad_alone() -> None:
    users, bad = read(b"\xff\xfe,x," + MD5.encode() + b"\nann,x," + MD5.encode())
    assert users == [(2, "ann", "x")]
    assert bad == ["line 1: not UTF-8"]


def test_a_first_line_that_is_bad_is_no_header() -> None:
    assert read("ann,192.0.2.1,zzz")[1] == ["line 1: the third field is no MD5 in 32 hexadecimal digits"]


def test_somebody_called_name_is_somebody() -> None:
    assert read(f"name,192.0.2.1,{MD5}") == ([(1, "name", "192.0.2.1")], [])


def test_a_digest_is_never_shown() -> None:
    assert MD5 not in repr(OldUser(1, "ann", "", MD5))
    assert MD5 not in "".join(read(f"ann,x,{MD5},y\nbob {MD5}\ncid,x,{MD5}0")[1])


@given(st.binary(max_size=300))
def test_any_bytes_are_read_without_a_fault(raw: bytes) -> None:
    users, bad = read_users(raw)
    numbers = [user.line for user in users] + [line.line for line in bad]
    assert len(numbers) == len(set(numbers))
    assert all(1 <= number <= raw.count(b"\n") + 1 for number in numbers)
