"""The questions before the talk: which server, and who is this."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

from besedka.chat.names import account_name
from besedka.chat.refusals import SENTENCES, Code, Refusal
from besedka.chat.text import harmless_line
from besedka.chat.told import Registration
from besedka.client.core import Core
from besedka.client.device import Address, Device, DeviceFault
from besedka.client.dialling import LinkFault, Unresolvable, resolve
from besedka.client.events import Phase
from besedka.client.link import FINAL, Link
from besedka.client.surface import Surface
from besedka.client.terminal import Asker
from besedka.limits import Limits
from besedka.words import _

ATTEMPTS_MAX = 3
"""Bad answers to one question (DESIGN §6)."""

BUSY_ATTEMPTS_MAX = 20
BUSY_SECONDS_MAX = 2.0
"""How often, and at most how long apart, a busy server is asked again: some twenty seconds in all."""

PORT_MAX = 65_535

T = TypeVar("T")


class GaveUp(Exception):
    """Three bad answers; the text says to what."""


class Runs(Protocol):
    """Runs something of the event loop to its end, between two questions."""

    def __call__(self, work: Coroutine[Any, Any, T], /) -> T:
        """What it comes to."""
        ...


# Which server ------------------------------------------------------------------------------------------------------


def ask_server(asker: Asker, run: Runs, last: Address, connect: Callable[[Address], None]) -> Address:
    """Ask for address and port until `connect` takes them; it raises `LinkFault`. Raises `GaveUp`, `EndOfInput`."""
    offered = last
    for attempt in range(1, ATTEMPTS_MAX + 1):
        host = _ask_host(asker, run, offered.host)
        port = _ask_port(asker, offered.port)
        offered = Address(host, port)
        try:
            connect(offered)
            return offered
        except LinkFault as fault:
            asker.complain(str(fault))
            if attempt == ATTEMPTS_MAX:
                raise GaveUp(_("No server was reached in three attempts.")) from None
    raise AssertionError("left by returning or raising")


def _ask_host(asker: Asker, run: Runs, offered: str) -> str:
    for _attempt in range(ATTEMPTS_MAX):
        host = asker.ask(_("Server address"), offered)
        try:
            run(resolve(Address(host, 0)))
            return host
        except Unresolvable as fault:
            asker.complain(str(fault))
    raise GaveUp(_("No usable address in three attempts."))


def _ask_port(asker: Asker, offered: int) -> int:
    for _attempt in range(ATTEMPTS_MAX):
        answer = asker.ask(_("Port"), str(offered))
        port = port_number(answer)
        if isinstance(port, int):
            return port
        asker.complain(port)
    raise GaveUp(_("No usable port in three attempts."))


def port_number(raw: str) -> int | str:
    """A port, or a sentence that says why this is none."""
    number = raw.strip()
    shown = harmless_line(number)[:40]
    if not (number.removeprefix("-").isascii() and number.removeprefix("-").isdigit()):
        return _("{answer} is not a number. A port is a number from 1 to {most}.").format(answer=shown, most=PORT_MAX)
    if len(number.lstrip("0")) > len(str(PORT_MAX)) or not 1 <= int(number) <= PORT_MAX:
        return _("{answer} is out of range. A port is a number from 1 to {most}.").format(answer=shown, most=PORT_MAX)
    return int(number)


# Who is this -------------------------------------------------------------------------------------------------------


class Entrance:
    """Logs somebody in, asking for name and password as far as needed."""

    def __init__(
        self, *, asker: Asker, run: Runs, core: Core, surface: Surface, link: Link, device: Device, address: Address,
        tokens: bool, wait_busy: Callable[[], Coroutine[Any, Any, None]],
    ) -> None:  # fmt: skip
        """`tokens`: come in with the token of an earlier visit where there is one, and keep one for the next.

        A script does neither, so that its lines mean the same each time it is run. `wait_busy` waits a little, by
        chance up to `BUSY_SECONDS_MAX`, before a busy server is asked again.
        """
        self._asker = asker
        self._run = run
        self._core = core
        self._surface = surface
        self._link = link
        self._device = device
        self._address = address
        self._tokens = tokens
        self._wait_busy = wait_busy
        self.passwords: set[str] = set()
        """All that were given, the wrong ones among them: none of them is a thing to say."""

    def enter(self, given_name: str | None) -> None:
        """Log in. Raises `GaveUp`, `EndOfInput`, or `LinkFault` when the server will not have it or has gone."""
        name = given_name
        for _attempt in range(ATTEMPTS_MAX):
            if name is None:
                name = self._ask_name()
            if (self._tokens and self._by_token(name)) or self._by_password(name):
                self._keep()
                return
            if self._link.parting in FINAL:
                raise GaveUp(_("Not logged in."))
            if given_name is None:
                name = None
        raise GaveUp(_("Not logged in after three attempts."))

    def _ask_name(self) -> str:
        _last, last_name = self._device.last()
        for _attempt in range(ATTEMPTS_MAX):
            name = self._asker.ask(_("Name"), last_name)
            # Lengths are the server's to judge: it may allow more than is usual.
            judged = account_name(name, limits=Limits(name_characters_max=1000, name_bytes_max=4000))
            if not isinstance(judged, Refusal):
                return judged
            self._asker.complain(_(judged.sentence))
        raise GaveUp(_("No usable name in three attempts."))

    def _by_token(self, name: str) -> bool:
        try:
            self._device.claim(self._address, name)
        except DeviceFault as fault:  # What cannot be written may yet be read.
            self._asker.complain(str(fault))
        token = self._device.token(self._address, name)
        if token is None:
            return False

        def resume() -> object:
            self._core.token = token
            return self._core.resume()

        code = self._try(resume)
        if code is not None:
            self._core.token = None
        if code is Code.TOKEN_DEAD:
            self._device.keep_token(self._address, name, None)
        elif code is not None:
            self._complain(code)
        return code is None

    def _by_password(self, name: str) -> bool:
        welcome = self._core.welcome
        assert welcome is not None, "entered after the welcome"
        if welcome.guests:
            password = self._ask_password(_("Password (empty: come as a guest)"))
            if not password:
                return self._report(self._try(lambda: self._core.come_as_guest(name)))
        else:
            password = self._ask_password(_("Password"))
        code = self._try(lambda: self._core.login(name, password))
        if code is Code.NAME_UNKNOWN:
            return self._by_registering(name, password, invitation="")
        if code is Code.WRONG_PASSWORD and welcome.registration is Registration.INVITE and self._link.connected:
            self._complain(code)
            invitation = self._asker.ask(_("If you are new here: invitation (empty: try again)"))
            return bool(invitation) and self._by_registering(name, password, invitation=invitation)
        return self._report(code)

    def _ask_password(self, question: str) -> str:
        password = self._asker.secret(question)
        self.passwords.add(password)
        return password

    def _by_registering(self, name: str, password: str, *, invitation: str) -> bool:
        """The password is asked twice, so that a typing error makes no account."""
        again = self._ask_password(_("New here. Password again"))
        if again != password:
            self._asker.complain(_("These were two different passwords, so no account was made."))
            return False
        return self._report(self._try(lambda: self._core.register(name, password, invitation=invitation)))

    def _report(self, code: Code | None) -> bool:
        if code is not None:
            self._complain(code)
        return code is None

    def _complain(self, code: Code) -> None:
        if self._link.parting is None:  # Otherwise the farewell has said it.
            self._asker.complain(_(SENTENCES[code]))

    def _try(self, ask: Callable[[], object]) -> Code | None:
        """Ask to be let in, again while the server is busy or the line breaks; None once in, or why not."""
        for _attempt in range(BUSY_ATTEMPTS_MAX):
            code = self._run(self._ask_once(ask))
            if code is not Code.BUSY:
                return code
            self._run(self._wait_busy())
        return Code.BUSY

    async def _ask_once(self, ask: Callable[[], object]) -> Code | None:
        if self._core.phase is Phase.OFFLINE:
            await self._link.open()  # While somebody looked for a password, the server has hung up.
        if self._core.phase is Phase.STRANGER:
            self._surface.login_refused = None
            refused = ask()
            if isinstance(refused, Refusal):
                return refused.code
        await self._link.answer()
        if self._core.phase is Phase.IN:
            return None
        if self._link.parting in FINAL:
            return self._surface.login_refused or Code.TOO_MANY_ATTEMPTS
        return self._surface.login_refused or Code.BUSY

    def _keep(self) -> None:
        """Remember who came in where, for the next time."""
        try:
            self._device.keep_last(self._address, self._core.name)
            if self._tokens and self._core.token is not None:
                self._device.keep_token(self._address, self._core.name, self._core.token)
        except DeviceFault as fault:
            self._asker.complain(str(fault))
