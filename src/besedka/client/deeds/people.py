"""Who others are, and who oneself is to them."""

from __future__ import annotations

from pathlib import Path

from besedka.chat.entries import Level
from besedka.chat.own_requests import (
    Away,
    EndSessions,
    GetData,
    Ignore,
    ListSessions,
    Overview,
    SetNotify,
    SetProfile,
    Whois,
    Whowas,
)
from besedka.chat.requests import NO_ROOM
from besedka.chat.room_requests import SetData
from besedka.chat.text import harmless_line
from besedka.client.deeds.here import Asked, Deed, Here, person, split
from besedka.words import _

_ON_OFF = {"on": True, "off": False}


class People:
    """Commands about people: others first, then whoever types."""

    def __init__(self, here: Here) -> None:
        self._here = here

    def deeds(self) -> dict[str, Deed]:
        """By the word after the slash."""
        ask = self._here.ask
        return {
            "who": self._who,
            "whois": lambda name: ask(Whois(name=person(name))),
            "whowas": lambda name: ask(Whowas(name=person(name))),
            "ignore": lambda name: ask(Ignore(name=person(name))),
            "unignore": lambda name: ask(Ignore(name=person(name), withdrawn=True)),
            "ignored": self._ignored,
            "away": lambda text: ask(Away(message=text or _("away"))),
            "back": lambda _: ask(Away()),
            "unread": lambda _: ask(Overview()),
            "notify": self._notify,
            "profile": self._profile,
            "data": self._data,
            "sessions": lambda _: ask(ListSessions()),
            "revoke": self._revoke,
            "password": self._password,
            "remove-account": self._remove_account,
            "nick": self._nick,
            "export": self._export,
        }

    def _who(self, argument: str) -> Asked:
        known = self._here.room(argument)
        return self._here.core.who(known.room) if known is not None and self._here.online() else None

    def _ignored(self, _argument: str) -> Asked:
        names = [harmless_line(one.name) for one in self._here.core.own.ignored.values()]
        text = _("you ignore {names}").format(names=", ".join(names)) if names else _("you ignore nobody")
        self._here.say(text)
        return None

    def _notify(self, argument: str) -> Asked:
        *room, word = argument.split()
        known = self._here.room(room[0] if room else "")
        try:
            level = Level(word.casefold())
        except ValueError:
            self._here.say(_("It is used like this: {usage}").format(usage="/notify [ROOM] all|mentions|none"))
            return None
        return None if known is None else self._here.ask(SetNotify(room=known.room, level=level))

    def _profile(self, argument: str) -> Asked:
        word, value = split(argument) if argument else ("", "")
        switch = _ON_OFF.get(value.strip().casefold())
        match word.casefold():
            case "name":
                return self._here.ask(SetProfile(real_name=value))
            case "bot" if switch is not None:
                return self._here.ask(SetProfile(bot=switch))
            case "invisible" if switch is not None:
                return self._here.ask(SetProfile(invisible=switch))
            case "unlisted" if switch is not None:
                return self._here.ask(SetProfile(unlisted=switch))
            case "accounts-only" if switch is not None:
                return self._here.ask(SetProfile(accounts_only=switch))
            case "":
                self._show_profile()
            case _:
                usage = "/profile [name TEXT | bot|invisible|unlisted|accounts-only on|off]"
                self._here.say(_("It is used like this: {usage}").format(usage=usage))
        return None

    def _show_profile(self) -> None:
        profile = self._here.core.own.profile
        notes = [harmless_line(profile.real_name) or _("no real name")]
        notes += [_("a bot")] if profile.bot else []
        notes += [_("invisible: nobody is told that you are here")] if profile.invisible else []
        notes += [_("unlisted: only those in a room with you are told that you are in it")] if profile.unlisted else []
        notes += [_("accounts only: no guest may begin a conversation with you")] if profile.accounts_only else []
        self._here.say(", ".join(notes))

    def _data(self, argument: str) -> Asked:
        """Of oneself, of the room being looked at, or (to be seen only) of somebody else."""
        word, rest = split(argument) if argument else ("", "")
        if word.startswith("@"):
            return self._here.ask(GetData(name=person(word)))
        room = NO_ROOM
        if word == "room":
            known = self._here.room("")
            if known is None:
                return None
            room, argument = known.room, rest
        if not argument:
            return self._here.ask(GetData(room=room, name="" if room else self._here.core.name))
        key, value = split(argument)
        return self._here.ask(SetData(room=room, key=key, value=value))

    def _revoke(self, argument: str) -> Asked:
        return self._here.ask(EndSessions(handle="" if argument.casefold() == "others" else argument))

    def _password(self, _argument: str) -> Asked:
        self._here.say(_("Type /password alone on a line; the passwords are asked for after it."))
        return None

    def _remove_account(self, _argument: str) -> Asked:
        text = _(
            "This would end your account for ever. What you said stays, as if said by nobody, or with redact is taken"
            " back; your name is somebody else's to take after a while. /export first writes down what is known of you."
            " To go on: /remove-account {name} or /remove-account {name} redact, alone on a line."
        )
        self._here.say(text.format(name=harmless_line(self._here.core.name)))
        return None

    def _nick(self, _argument: str) -> Asked:
        text = _("Your name is {name} wherever you log in: it is your account's, and what you said bears it.")
        self._here.say(text.format(name=harmless_line(self._here.core.name)))
        return None

    def _export(self, argument: str) -> Asked:
        if not self._here.online():
            return None
        return self._here.surface.exports.begin(Path(argument or f"besedka-{self._here.core.name}.json"))
