"""CAP: what a client and the server agree on beyond the core (IRCv3 capability-negotiation)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, cast

from msgspec.structs import replace

from besedka.chat.told import Unit
from besedka.wire.irc import enrolling, metadata, multiline, sasl, strictness
from besedka.wire.irc.capabilities import BY_NAME, FOR_OLD_CLIENTS, Capability
from besedka.wire.irc.lines import LINE_BYTES_MAX, Line, build, line_bytes, shortened, word
from besedka.wire.irc.metadata_lines import draft_of
from besedka.wire.irc.numerics import Numeric
from besedka.wire.irc.stages import Stage
from besedka.wire.operating import Resettled

if TYPE_CHECKING:
    from besedka.wire.irc.conversation import IrcServer

VALUES_SINCE: Final = 302
"""The version of CAP LS from which on capabilities have values and a list may be in several lines."""

ACCOUNT_REQUIRED: Final = "draft/account-required"
"""Listed where guests are not admitted; "servers MUST reject any CAP REQ" of it (account-registration)."""

_OFFERED_IF: Final[dict[Capability, Callable[[IrcServer], bool]]] = {
    Capability.SASL: lambda conversation: conversation.registering.is_safe,
    Capability.ACCOUNT_REGISTRATION: enrolling.is_offered,
}
"""Those that not every connection is offered."""

_VALUES: Final[dict[Capability, Callable[[IrcServer], str]]] = {
    Capability.SASL: sasl.mechanisms,
    Capability.ACCOUNT_REGISTRATION: enrolling.terms,
    Capability.METADATA_2: metadata.terms,
    Capability.METADATA_3: metadata.terms,
    Capability.MULTILINE: multiline.terms,
}
"""Those with a value, which may be empty."""


def offered(conversation: IrcServer) -> list[Capability]:
    """What may be asked for on this connection."""
    return [one for one in Capability if one not in _OFFERED_IF or _OFFERED_IF[one](conversation)]


def cap(conversation: IrcServer, line: Line) -> None:
    """CAP, "at any time, including after registration"."""
    handle = _CAP.get(line.params[0].upper())
    if handle is None:
        conversation.reply(Numeric.ERR_INVALIDCAPCMD, word(line.params[0]))
    else:
        handle(conversation, line)


def _ls(conversation: IrcServer, line: Line) -> None:
    """What there is; the answer is "consistent with the request's version", the greatest of which is kept."""
    registering = conversation.registering
    if conversation.stage is Stage.NEW:
        registering.negotiating = True
    asked = line.params[1] if len(line.params) > 1 else ""
    version = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 9 else 0
    registering.version = max(registering.version, version)
    if registering.version >= VALUES_SINCE:
        conversation.use(conversation.capabilities | {Capability.CAP_NOTIFY})  # "implicitly enabled" by 302
    found = offered(conversation)
    if version >= VALUES_SINCE:
        names = [_with_value(conversation, one) for one in found] + _never_enabled(conversation)
        _tell(conversation, "LS", names, in_several=True)
    else:
        _tell(conversation, "LS", [one.value for one in found if one in FOR_OLD_CLIENTS], in_several=False)
    _remember(conversation)


def _never_enabled(conversation: IrcServer) -> list[str]:
    """What only says something of this server, as it is listed."""
    required = conversation.welcome is not None and not conversation.welcome.guests
    return [*([ACCOUNT_REQUIRED] if required else []), *filter(None, [strictness.policy(conversation)])]


def _remember(conversation: IrcServer) -> None:
    """Keep in mind how those are listed that a reload may change, where the client is to be told of that."""
    if Capability.CAP_NOTIFY in conversation.capabilities:
        conversation.registering.listed = _changeable(conversation)


def _changeable(conversation: IrcServer) -> tuple[str, ...]:
    listed = [_with_value(conversation, one) for one, is_offered in _OFFERED_IF.items() if is_offered(conversation)]
    return (*listed, *_never_enabled(conversation))


def tell_changes(conversation: IrcServer, unit: Unit) -> None:
    """The configuration was read again: CAP NEW and CAP DEL ("with values, as in the CAP LS response")."""
    settled, welcome = cast(Resettled, unit), conversation.welcome
    if welcome is not None:
        conversation.welcome = replace(welcome, registration=settled.registration, guests=settled.guests)
    before = conversation.registering.listed
    if Capability.CAP_NOTIFY not in conversation.capabilities or before is None:
        return
    _remember(conversation)
    now = conversation.registering.listed or ()
    if conversation.registering.version < VALUES_SINCE:
        before, now = tuple(map(_name, before)), tuple(map(_name, now))
    names = list(map(_name, now))
    gone = [name for name in map(_name, before) if name not in names]
    lost = {BY_NAME[name] for name in gone if name in BY_NAME}
    conversation.use(conversation.capabilities - lost)
    for subcommand, changed in (("DEL", gone), ("NEW", [one for one in now if one not in before])):
        if changed:
            line = build(conversation.world.server, "CAP", conversation.addressee, subcommand, " ".join(changed))
            conversation.say_apart(line)


def _name(listed: str) -> str:
    return listed.partition("=")[0]


def _with_value(conversation: IrcServer, capability: Capability) -> str:
    value = _VALUES[capability](conversation) if capability in _VALUES else ""
    return f"{capability.value}={value}" if value else capability.value


def _list(conversation: IrcServer, _line: Line) -> None:
    names = [one.value for one in Capability if one in conversation.capabilities]
    _tell(conversation, "LIST", names, in_several=conversation.registering.version >= VALUES_SINCE)


def _tell(conversation: IrcServer, subcommand: str, names: list[str], *, in_several: bool) -> None:
    """Say a list, in several lines if the client knows of that: "all but the last" have a `*` before the names.

    What does not fit into the one line of another is not in its list.
    """
    server, whom = conversation.world.server, conversation.addressee
    several: list[list[str]] = [[]]
    for name in names:
        trial = build(server, "CAP", whom, subcommand, "*", " ".join([*several[-1], name]))
        if line_bytes(trial) > LINE_BYTES_MAX:
            if not in_several:
                break
            several.append([])
        several[-1].append(name)
    for some in several[:-1]:
        conversation.say(build(server, "CAP", whom, subcommand, "*", " ".join(some)))
    conversation.say(build(server, "CAP", whom, subcommand, " ".join(several[-1])))


def _req(conversation: IrcServer, line: Line) -> None:
    """All of what is asked, or nothing ("The CAP REQ subcommand")."""
    registering = conversation.registering
    if conversation.stage is Stage.NEW:
        registering.negotiating = True
    asked = line.params[1] if len(line.params) > 1 else ""
    wanted = _wanted(conversation, asked)
    said = build(conversation.world.server, "CAP", conversation.addressee, "NAK" if wanted is None else "ACK", asked)
    room = LINE_BYTES_MAX - (line_bytes(said) - len(asked.encode()))
    if wanted is None or len(asked.encode()) > room:  # "not too long to be replied to with a single ACK or NAK"
        asked = shortened(asked, bytes_max=room)
        conversation.say(build(conversation.world.server, "CAP", conversation.addressee, "NAK", asked))
        return
    conversation.say(said)
    told_of_changes = Capability.CAP_NOTIFY in conversation.capabilities
    news = Capability.SETNAME in wanted and Capability.SETNAME not in conversation.capabilities
    conversation.use(wanted)
    if not told_of_changes:
        _remember(conversation)
    if draft_of(wanted) is None:
        conversation.metadata.keys.clear()
    if news and conversation.stage is Stage.PRESENT:
        registering.watch()


def _wanted(conversation: IrcServer, asked: str) -> frozenset[Capability] | None:
    """What would be enabled then; None if any of it cannot be had."""
    wanted, found = set(conversation.capabilities), offered(conversation)
    for name in asked.split():
        capability = BY_NAME.get(name.removeprefix("-"))
        if capability is None or capability not in found:
            return None
        if not name.startswith("-"):
            wanted.add(capability)
        elif capability is Capability.CAP_NOTIFY and conversation.registering.version >= VALUES_SINCE:
            return None  # "MUST NOT" be disabled by clients of 302.
        else:
            wanted.discard(capability)
    return frozenset(wanted)


def _end(conversation: IrcServer, _line: Line) -> None:
    """ "If the client is already registered, this command MUST be ignored"."""
    if conversation.stage is Stage.NEW:
        conversation.registering.negotiating = False
        conversation.registering.go_on()


_CAP: Final[dict[str, Callable[[IrcServer, Line], None]]] = {"LS": _ls, "LIST": _list, "REQ": _req, "END": _end}
