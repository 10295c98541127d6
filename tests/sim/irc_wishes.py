"""What people at IRC clients write: any line that clients write, of any room and anybody, whether or not they may."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from besedka.wire.irc.pages import iso_time
from sim.stepper import STARTED_AT
from sim.wishes import KEYS, NAMES

if TYPE_CHECKING:
    from sim.irc_people import Chatter

Wish = Callable[["IrcWishes"], str]

_ELSEWHERE = tuple(f"#{name}" for name in NAMES)


class IrcWishes:
    """The next line that one client writes."""

    def __init__(self, chatter: Chatter) -> None:
        self._chatter = chatter
        self._random = chatter.random
        self._wishes = list(_WISHES)

    def line(self) -> str:
        """One line."""
        return self._random.choices(self._wishes, _WEIGHTS)[0](self)

    # Whom and what --------------------------------------------------------------------------------------------------

    def _channel(self) -> str:
        mine = list(self._chatter.channels)
        return self._random.choice(mine if mine and self._random.random() < 0.9 else _ELSEWHERE)

    def _anybody(self) -> str:
        return self._random.choice(
            [*self._chatter.world.names, "gus", "gil", "ida", "tim", "nobody", self._chatter.nick]
        )

    def _target(self) -> str:
        return self._channel() if self._random.random() < 0.85 else self._anybody()

    def _reason(self) -> str:
        """Why; what guests say of their going is nowhere kept, and has no mark."""
        if self._chatter.guest or self._random.random() < 0.5:
            return ""
        return f" :{self._chatter.something()}"

    def _mask(self) -> str:
        name = self._anybody()
        return self._random.choice([name, name, f"{name}!*@*", f"*!*@{name}.ip", f"m:{name}", f"{name[0]}*!*@*"])

    def _reference(self) -> str:
        """A moment or an entry, for questions about the past."""
        if self._random.random() < 0.5:
            return f"timestamp={iso_time(STARTED_AT + self._random.randrange(120_000))}"
        return f"msgid={self._msgid(self._channel())}"

    def _msgid(self, target: str) -> str:
        seen = self._chatter.msgids.get(target)
        if seen and self._random.random() < 0.9:
            return self._random.choice(seen[-6:])
        return f"{self._random.randrange(9)}-{self._random.randrange(30)}"

    # Saying ---------------------------------------------------------------------------------------------------------

    def _say(self) -> str:
        target, text = self._target(), self._chatter.something()
        command = self._random.choice(["PRIVMSG", "PRIVMSG", "PRIVMSG", "NOTICE"])
        if command == "PRIVMSG" and self._random.random() < 0.2:
            text = f"\x01ACTION {text}\x01"  # As a NOTICE it would be an aside, which is nowhere kept.
        line = f"{command} {target} :{text}"
        if "message-tags" in self._chatter.capabilities and self._random.random() < 0.2:
            return f"@+draft/reply={self._msgid(target)} {line}"
        return line

    def _aside(self) -> str:
        return f"PRIVMSG {self._target()} :\x01VERSION\x01"

    def _to_moderators(self) -> str:
        return f"NOTICE @{self._channel()} :psst"

    def _react(self) -> str:
        target, kind = self._target(), self._random.choice(["+draft/react", "+draft/react", "+draft/unreact"])
        return f"@+draft/reply={self._msgid(target)};{kind}={self._random.choice(['+1', '☕'])} TAGMSG {target}"

    def _type(self) -> str:
        return f"@+typing=active TAGMSG {self._target()}"

    def _persist(self) -> str:
        return f"@+draft/persist TAGMSG {self._channel()}"

    def _redact(self) -> str:
        target = self._target()
        return f"REDACT {target} {self._msgid(target)}"

    # Rooms ----------------------------------------------------------------------------------------------------------

    def _join(self) -> str:
        key = self._random.choice(KEYS)
        return f"JOIN {self._random.choice(_ELSEWHERE)} {key}".rstrip()

    def _part(self) -> str:
        return f"PART {self._channel()}{self._reason()}"

    def _topic(self) -> str:
        return f"TOPIC {self._channel()} :{self._random.choice(['', 'tea', self._chatter.something()])}"

    def _kick(self) -> str:
        return f"KICK {self._channel()} {self._anybody()}{self._reason()}"

    def _invite(self) -> str:
        return f"INVITE {self._anybody()} {self._channel()}"

    def _rename(self) -> str:
        return f"RENAME {self._channel()} {self._random.choice(['#loft', *_ELSEWHERE[1:]])} :why not"

    def _mode(self) -> str:
        random, sign = self._random, self._random.choice("+-")
        change = random.choice(
            [
                f"{sign}{random.choice('imnst')}",
                f"{sign}{random.choice('imnst')}",
                f"{sign}o {self._anybody()}",
                f"{sign}v {self._anybody()}",
                f"{sign}b {self._mask()}",
                f"{sign}b {self._mask()}",
                f"{sign}e {self._mask()}",
                f"{sign}I {self._mask()}",
                f"+k {random.choice(KEYS[1:])}",
                "-k *",
                random.choice(["+l 2", "-l"]),
                f"+mv-t {self._anybody()}",
            ]
        )
        return f"MODE {self._channel()} {change}"

    # Of oneself -----------------------------------------------------------------------------------------------------

    def _away(self) -> str:
        return self._random.choice(["AWAY :lunch", "AWAY"])

    def _set_name(self) -> str:
        return "SETNAME :A person of some importance"

    def _read(self) -> str:
        time = f" timestamp={iso_time(STARTED_AT + self._random.randrange(60_000))}"
        return f"MARKREAD {self._target()}{self._random.choice(['', time])}"

    # Questions ------------------------------------------------------------------------------------------------------

    def _history(self) -> str:
        """Only where the past comes in a batch: nothing else tells it from what is said now."""
        if "batch" not in self._chatter.capabilities:
            return self._ask()
        random, target, limit = self._random, self._target(), self._random.choice([1, 4, 50])
        if random.random() < 0.15:
            moments = " ".join(f"timestamp={iso_time(STARTED_AT + one)}" for one in (0, 600_000))
            return f"CHATHISTORY TARGETS {moments} {limit}"
        if random.random() < 0.4:
            return f"CHATHISTORY LATEST {target} * {limit}"
        if random.random() < 0.2:
            return f"CHATHISTORY BETWEEN {target} {self._reference()} {self._reference()} {limit}"
        return (
            f"CHATHISTORY {random.choice(['BEFORE', 'AFTER', 'AROUND', 'LATEST'])} {target} {self._reference()} {limit}"
        )

    def _ask(self) -> str:
        channel, name = self._channel(), self._anybody()
        return self._random.choice(
            [
                f"NAMES {channel}",
                "LIST",
                f"TOPIC {channel}",
                f"MODE {channel}",
                f"MODE {channel} +b",
                f"WHO {channel}",
                f"WHO {name} %tcuhnfar,12",
                f"WHOIS {name}",
                f"WHOWAS {name}",
                f"ISON {name} ann bob",
                f"USERHOST {name}",
                f"MONITOR + {name},ann",
                "MONITOR S",
                "INVITE",
                "LUSERS",
            ]
        )

    def _nonsense(self) -> str:
        return self._random.choice(["PRIVMSG", "JOIN tea", "FOO bar", "MODE", "PRIVMSG #lobby :", "KICK #tea"])


_WISHES: dict[Wish, int] = {
    IrcWishes._say: 44,
    IrcWishes._aside: 2,
    IrcWishes._to_moderators: 1,
    IrcWishes._react: 4,
    IrcWishes._type: 2,
    IrcWishes._persist: 1,
    IrcWishes._redact: 4,
    IrcWishes._join: 8,
    IrcWishes._part: 4,
    IrcWishes._topic: 3,
    IrcWishes._kick: 3,
    IrcWishes._invite: 3,
    IrcWishes._rename: 1,
    IrcWishes._mode: 10,
    IrcWishes._away: 2,
    IrcWishes._set_name: 1,
    IrcWishes._read: 3,
    IrcWishes._history: 7,
    IrcWishes._ask: 8,
    IrcWishes._nonsense: 2,
}
"""What is written, and how often."""

_WEIGHTS = list(_WISHES.values())
