"""The configuration: every key, and every fault with its line."""

from __future__ import annotations

import tomllib
from ipaddress import ip_network
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from besedka.chat.retention import FOR_EVER, Retention
from besedka.chat.told import Registration
from besedka.config import Config, ConfigFault, load, parse
from besedka.config_keys import KEYS, MOTD_BYTES_MAX, Listener, listener
from besedka.keylines import Key, key_lines
from besedka.limits import Limits
from besedka.wire.irc.settings import IrcSettings, Nicks, ServerPassword

FILE = Path("/etc/besedka/besedka.toml")


def faults(text: str) -> list[str]:
    with pytest.raises(ConfigFault) as caught:
        parse(text, path=FILE)
    return [fault.removeprefix(f"{FILE}:") for fault in caught.value.faults]


def test_what_is_kept_is_everything_or_what_is_chosen() -> None:
    assert parse("", path=FILE).retention == FOR_EVER
    chosen = parse("[retention]\ndays = 30\nmessages = 500", path=FILE)
    assert chosen.retention == Retention(seconds=30 * 86_400, messages=500)
    whole = "must be a whole number from 0, which is no limit, to 1000000000"
    for value in ("-1", "true", "1.5", '"30"', "1000000001"):
        assert faults(f"retention.days = {value}") == [f"1: `retention.days` {whole}"]


def test_an_empty_file_is_the_defaults() -> None:
    assert parse("", path=FILE) == Config()
    assert Config().listen == (Listener("127.0.0.1", 0),)
    assert Config().registration is Registration.OPEN


def test_every_key_is_read() -> None:
    config = parse(
        """
        name = "Under the limes"
        listen = ["0.0.0.0:9090", "[::1]:0", "chat.example.org:6697"]
        allow_plaintext = true
        allow_text_prompt = false
        trusted_proxies = ["10.0.0.0/8", "::1"]
        [tls]
        certificate = "tls/chain.pem"
        key = "/keys/key.pem"
        [accounts]
        registration = "closed"
        guests = true
        [limits]
        flood = false
        message_bytes_max = 1000
        ping_seconds = 30
        """,
        path=FILE,
    )
    assert config == Config(
        name="Under the limes",
        listen=(Listener("0.0.0.0", 9090), Listener("::1", 0), Listener("chat.example.org", 6697)),
        allow_plaintext=True,
        allow_text_prompt=False,
        trusted_proxies=(ip_network("10.0.0.0/8"), ip_network("::1")),
        certificate=Path("/etc/besedka/tls/chain.pem"),
        key=Path("/keys/key.pem"),
        registration_chosen=Registration.CLOSED,
        guests=True,
        limits=Limits(flood=False, message_bytes_max=1000, ping_seconds=30),
    )


def test_every_field_has_a_key() -> None:
    fields = {field.name for field in msgspec.structs.fields(Config)} - {"limits"}
    assert {entry.field for entry in KEYS.values()} == fields


def test_every_limit_can_be_given_its_default() -> None:
    defaults = msgspec.structs.asdict(Limits())
    text = "[limits]\n" + "".join(f"{name} = {str(value).lower()}\n" for name, value in defaults.items())
    assert parse(text, path=FILE).limits == Limits()


def test_all_faults_are_reported_each_with_its_line() -> None:
    text = """name = 3
colour = "red"
listen = ["nowhere",
  "127.0.0.1:1"]
[accounts]
guests = "yes"   # not a boolean
accounts = 1
registration = "perhaps"
[limits]
message_bytes_max = 1.5
messages = 3
flood = 1
ping_seconds = "long"
[surprise]
x = 1
"""
    assert faults(text) == [
        "1: `name` must be a text in quotes, not a number",
        "2: `colour` is no key of this configuration",
        "3: `listen` has 'nowhere', which is not HOST:PORT (an IPv6 address stands in brackets)",
        "6: `accounts.guests` must be true or false, not a text",
        "7: `accounts.accounts` is no key of this configuration",
        '8: `accounts.registration` must be "open", "invite" or "closed"',
        "10: `limits.message_bytes_max` must be a whole number",
        "11: `limits.messages` is no limit of this server",
        "12: `limits.flood` must be true or false, not a number",
        "13: `limits.ping_seconds` must be a number, not a text",
        "14: `surprise` is no key of this configuration",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name = ''", "1: `name` must be 1 to 64 visible characters"),
        ('name = "a\\u001b[2Jb"', "1: `name` must be 1 to 64 visible characters"),
        ("name = 2020-01-01", "1: `name` must be a text in quotes, not a date or time"),
        ("listen = []", "1: `listen` must have at least one HOST:PORT"),
        ("listen = '127.0.0.1:1'", "1: `listen` must be a list of texts, not a text"),
        ("listen = [1]", "1: `listen` must be a text in quotes, not a number"),
        ("listen = ['a:1', 'a:1']", "1: `listen` has a:1 twice"),
        ("listen = ['a:65536']", "1: `listen` has 'a:65536', which has a port over 65535"),
        ("\n\ntrusted_proxies = ['10.0.0.1/8']",
         "3: `trusted_proxies` has '10.0.0.1/8', which is no address or network (like 10.0.0.0/8)"),
        ("accounts = 1", "1: `accounts` must be a table, not a number"),
        ("limits = true", "1: `limits` must be a table, not true or false"),
        ("tls.certificate = 'x'", "1: `tls.certificate` needs the other of `certificate` and `key` beside it"),
        ("[tls]\nkey = 'x'", "2: `tls.key` needs the other of `certificate` and `key` beside it"),
        ("[tls]\nkey = ''\ncertificate = 'x'", "2: `tls.key` must be the path of a file"),
        ("[[limits]]\nflood = true", "1: `limits` must be a table, not a list"),
        ("limits.ping_seconds = inf", "1: `limits.ping_seconds` must be smaller"),
        ("limits.sessions_max = 99999999999999999999", "1: `limits.sessions_max` must be smaller"),
        ("irc.nicks = 'any'", '1: `irc.nicks` must be "account" or "free"'),
        ("irc.sts_port = 65536", "1: `irc.sts_port` must be a port, or 0 for none"),
        ("irc.sts_port = true", "1: `irc.sts_port` must be a port, or 0 for none"),
        ("irc.password = \"a\\nb\"", "1: `irc.password` must be one line of at most 500 bytes"),
        (f"irc.password = '{'x' * 501}'", "1: `irc.password` must be one line of at most 500 bytes"),
        ("limits.sessions_max = true", "1: `limits.sessions_max` must be a number, not true or false"),
    ],
)  # fmt: skip
def test_one_fault_is_one_sentence(text: str, expected: str) -> None:
    assert expected in faults(text)


def test_the_keys_of_the_irc_door_are_read(tmp_path: Path) -> None:
    (tmp_path / "motd.txt").write_bytes(b"\xef\xbb\xbfWelcome\r\n\r\nunder the lim\xc3\xa9s  \n")
    text = """
        [accounts]
        registration_before_connect = true
        scram = true
        [irc]
        password = "sesame: open"
        motd_file = "motd.txt"
        nicks = "free"
    """
    irc = parse(text, path=tmp_path / "besedka.toml").irc
    assert irc == IrcSettings(
        password=ServerPassword.of("sesame: open"),
        motd=("Welcome", "", "under the lim\xe9s"),
        nicks=Nicks.FREE,
        before_connect=True,
        scram=True,
    )
    assert irc.password is not None
    assert irc.password.is_opened_by("sesame: open")
    assert not irc.password.is_opened_by("sesame: opem")
    assert "sesame" not in repr(irc)


@pytest.mark.parametrize(
    ("key", "default", "wrong"),
    [
        ("accounts.registration_before_connect", "false", "must be true or false, not a number"),
        ("accounts.scram", "false", "must be true or false, not a number"),
        ("irc.password", '""', "must be a text in quotes, not a number"),
        ("irc.motd_file", '""', "must be a text in quotes, not a number"),
        ("irc.nicks", '"account"', "must be a text in quotes, not a number"),
    ],
)
def test_the_keys_of_the_irc_door_have_their_defaults(key: str, default: str, wrong: str) -> None:
    assert parse(f"{key} = {default}", path=FILE) == Config()
    assert faults(f"{key} = 0") == [f"1: `{key}` {wrong}"]


def test_a_message_of_the_day_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "motd.txt"
    text = f"irc.motd_file = {str(path)!r}"
    (missing,) = faults(text)
    path.write_bytes(b"\xff")
    (foreign,) = faults(text)
    path.write_bytes(b"a" * (MOTD_BYTES_MAX + 1))
    (long,) = faults(text)
    assert missing == f"1: `irc.motd_file` is {path}, which cannot be read: No such file or directory"
    assert foreign == f"1: `irc.motd_file` is {path}, which is not UTF-8"
    assert long == f"1: `irc.motd_file` is {path}, which is larger than 16384 bytes"


def test_broken_relations_of_limits_are_reported_where_they_were_caused() -> None:
    assert faults("[limits]\nsessions_max = 0\n\nline_bytes_max = 4000\nping_seconds = -1\n") == [
        "2: `limits.sessions_max` breaks a relation: sessions_max > 0",
        "4: `limits.line_bytes_max` breaks a relation: message_bytes_max < line_bytes_max",
    ] + ["5: `limits.ping_seconds` breaks a relation: ping_seconds >= 0"]


def test_a_text_that_is_not_toml_is_refused_with_its_line() -> None:
    (fault,) = faults("name = 'a'\nname = 'b'\n")
    assert fault == "2: is not TOML: Cannot overwrite a value (column 11)"
    (fault,) = faults("x = " + "[" * 100_000)
    assert "is not TOML" in fault


def test_no_fault_shows_a_value_that_may_be_secret() -> None:
    assert "hunter2" not in "".join(faults(f"irc.password = '{'hunter2' * 99}'\naccounts.password = 'hunter2'\n"))


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    for name, content, expected in (
        ("missing.toml", None, "cannot be read: No such file or directory"),
        ("bytes.toml", b"name = 'a'\n# \xff\n", ":2: is not UTF-8"),
        ("huge.toml", b"#" * (1 << 20) + b"\n", "larger than 1048576 bytes"),
    ):
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(ConfigFault) as caught:
            load(path)
        (fault,) = caught.value.faults
        assert fault.startswith(str(path))
        assert expected in fault


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "besedka.toml"
    path.write_bytes(b"\xef\xbb\xbfname = 'besedka'\r\n")
    assert load(path) == Config()


def test_the_command_line_replaces_the_listeners() -> None:
    config = parse("listen = ['0.0.0.0:1', '[::]:2']", path=FILE)
    assert config.listening_on(host=None, port=None) is config
    assert config.listening_on(host="127.0.0.1", port=None).listen == (Listener("127.0.0.1", 1),)
    assert config.listening_on(host=None, port=0).listen == (Listener("0.0.0.0", 0),)


def test_registration_is_open_only_where_nobody_else_can_connect() -> None:
    def registration(*hosts: str) -> Registration:
        return Config(listen=tuple(Listener(host, 0) for host in hosts)).registration

    assert registration("127.0.0.1", "::1", "localhost", "127.5.5.5") is Registration.OPEN
    assert registration("127.0.0.1", "0.0.0.0") is Registration.INVITE
    assert registration("chat.example.org") is Registration.INVITE
    chosen = Config(listen=(Listener("::", 0),), registration_chosen=Registration.OPEN)
    assert chosen.registration is Registration.OPEN


def test_a_listener_is_shown_as_it_is_written() -> None:
    for text in ("127.0.0.1:9090", "[::1]:0", "chat.example.org:1"):
        assert str(listener(text)) == text


def test_lines_are_found_through_all_of_toml() -> None:
    text = '''# a comment with [brackets] = "
"quoted.key" = 1
a.b = """
[not a table]
c = 1
"""""
list = [ # [
  "]", ']', 2,

  { x = 1 },
]
t = '\'\'
' # ' \'\'\'
u = "\\"#"
[ first . "se]cond" ]
here = { inner = 1, deeper.still = 2 }
[[many]]
one = 1
[[many]]
two = 2
'''.replace("t = ''\n' # ' '''", "t = '''\n' # ' '''")
    assert tomllib.loads(text)["first"]["se]cond"]["here"]["deeper"]["still"] == 2
    assert key_lines(text) == {
        "quoted.key": 2,
        "a": 3,
        "a.b": 3,
        "list": 7,
        "list.x": 7,
        "t": 12,
        "u": 14,
        "first": 15,
        "first.se]cond": 15,
        "first.se]cond.here": 16,
        "first.se]cond.here.inner": 16,
        "first.se]cond.here.deeper": 16,
        "first.se]cond.here.deeper.still": 16,
        "many": 17,
        "many.one": 18,
        "many.two": 20,
    }


VALUES = [
    "1",
    "true",
    '"a # [ b"',
    "'\\'",
    '"""x\n\n[y]\n"""',
    "'''\n\"\n'''",
    "[\n1, # ]\n[2]]",
    "{ a = 1 }",
    "1979-05-27",
]


@given(st.lists(st.tuples(st.sampled_from(VALUES), st.sampled_from(["", "\n", "# c = 1\n", "  \r\n"])), max_size=12))
def test_every_key_is_found_on_the_line_it_was_written_on(statements: list[tuple[str, str]]) -> None:
    text, expected = "", {}
    for count, (value, gap) in enumerate(statements):
        text += gap
        expected[Key(f"k{count}")] = text.count("\n") + 1
        text += f"k{count} = {value}\n"
    lines = key_lines(text)
    assert {key: line for key, line in lines.items() if "." not in key} == expected
