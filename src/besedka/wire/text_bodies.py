"""What each kind of entry reads as in plain text: a line, and the indented lines that go on from it.

All that people wrote is made harmless on its way in here. What happened, as opposed to what was said, begins with two
hyphens: no name does. A reader of plain text sees no numbers, so a message that an entry is about is called by its
author where it stands in the same run, and by its number, which other programs show, only where it does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, cast

from besedka.chat.entries import (
    Archived,
    Body,
    CodeMade,
    DataSet,
    Edited,
    Entry,
    InvitationsChanged,
    Listing,
    Manner,
    Marked,
    MembershipChanged,
    Message,
    Opened,
    Person,
    Reacted,
    Redacted,
    Renamed,
    RolesChanged,
    SettingsChanged,
    TopicSet,
    Unmarked,
    Way,
)
from besedka.chat.principals import SERVER, is_imported
from besedka.chat.refusals import N_
from besedka.chat.text import harmless, harmless_line
from besedka.wire.text_phrases import duration_phrase, role_phrases, settings_phrases

Translate = Callable[[str], str]
"""From a sentence as it stands in the program to the same in somebody's language, with the same fields in braces."""

LINE_END: Final = "\r\n"
_INDENTED: Final = LINE_END + "    "

_MESSAGE: Final = {
    Manner.SAID: "{name}: {text}",
    Manner.DONE: "* {name} {text}",
    Manner.NOTED: "-{name}- {text}",
}

_TO_PERSON: Final = N_("(to {name}) {text}")
_TO_NUMBER: Final = N_("(to message {number}) {text}")
_IMPORTED: Final = N_("{name} (imported)")
_TAKEN_AWAY: Final = N_("what {name} wrote here was taken away")
_NOT_YOURS: Final = N_("{name} edited this when you were no longer here")
_EDITED: Final = N_("{name} edited {message}: {text}")
_REDACTED: Final = N_("{name} took away {message}")
_REACTED: Final = N_("{name} put {reaction} to {message}")
_REACTION_WITHDRAWN: Final = N_("{name} took {reaction} back from {message}")
_MESSAGE_OF: Final = N_("message {number} of {name}")
_MESSAGE_NUMBER: Final = N_("message {number}")

_WHY: Final = N_("{what}: {reason}")
_HOW_LONG: Final = N_("{what} for {duration}")
_BY: Final = N_("{what} (by {name})")

_TOPIC_SET: Final = N_("{name} set the topic: {topic}")
_TOPIC_TAKEN: Final = N_("{name} took the topic away")
_OPENED: Final = N_("{name} opened this room")
_ARCHIVED: Final = N_("this room has ended")
_NAMED: Final = N_("{name} gave this room the name {after}")
_RENAMED: Final = N_("{name} renamed this room from {before} to {after}")
_SETTINGS: Final = N_("{name} changed this room: {what}")
_INVITED: Final = N_("{name} invited {names}")
_UNINVITED: Final = N_("{name} no longer invites {names}")
_CODE_MADE: Final = N_("{name} made an invite code")
_VALUE_SET: Final = N_("{name} set {key}: {value}")
_VALUE_TAKEN: Final = N_("{name} took {key} away")

_MEMBERSHIP: Final = {
    Way.JOINED: N_("{names} joined"),
    Way.LEFT: N_("{names} left"),
    Way.REMOVED: N_("{name} put {names} out"),
}

_MARKED: Final = {
    Listing.BAN: N_("{name} banned {mask}"),
    Listing.MUTE: N_("{name} muted {mask}"),
    Listing.BAN_EXCEPTION: N_("{name} excepted {mask} from bans"),
    Listing.MUTE_EXCEPTION: N_("{name} excepted {mask} from mutes"),
    Listing.INVITE_EXCEPTION: N_("{name} lets {mask} join without an invitation"),
}

_LIFTED: Final = {
    Listing.BAN: N_("{name} lifted the ban on {masks}"),
    Listing.MUTE: N_("{name} lifted the mute on {masks}"),
    Listing.BAN_EXCEPTION: N_("{name} no longer excepts {masks} from bans"),
    Listing.MUTE_EXCEPTION: N_("{name} no longer excepts {masks} from mutes"),
    Listing.INVITE_EXCEPTION: N_("{name} lets {masks} join by invitation only"),
}

_OVER: Final = {
    Listing.BAN: N_("the ban on {masks} is over"),
    Listing.MUTE: N_("the mute on {masks} is over"),
    Listing.BAN_EXCEPTION: N_("{masks} is no longer excepted from bans"),
    Listing.MUTE_EXCEPTION: N_("{masks} is no longer excepted from mutes"),
    Listing.INVITE_EXCEPTION: N_("{masks} may now join by invitation only"),
}


def names_of(people: Iterable[Person]) -> str:
    """Some people, for a line."""
    return ", ".join(harmless_line(person.name) for person in people)


class Telling:
    """The words of one run: a language, and the messages in the run that its other entries may be about."""

    def __init__(self, translate: Translate, entries: Sequence[Entry]) -> None:
        self.translate: Final = translate
        self._messages: Final = {entry.number: entry for entry in entries if isinstance(entry.body, Message)}

    def say(self, template: str, /, **fields: str | int) -> str:
        """A sentence of the program with its fields filled in."""
        return self.translate(template).format(**fields)

    def author_of(self, number: int) -> str | None:
        """Who wrote a message of this run; None where it is not in it."""
        entry = self._messages.get(number)
        return None if entry is None else harmless_line(entry.name)

    def writer(self, entry: Entry) -> str:
        """Who wrote something: marked where the name is one of another server's, brought here by an import."""
        name = harmless_line(entry.name)
        return self.say(_IMPORTED, name=name) if is_imported(entry.author) else name

    def shows_edit(self, edited: Edited) -> bool:
        """Whether the message is in this run, and so says what it now says already."""
        return edited.number in self._messages

    def message(self, number: int, author: str | None = None) -> str:
        """How a message is called that an entry is about."""
        name = author or self.author_of(number)
        if name is None:
            return self.say(_MESSAGE_NUMBER, number=number)
        return self.say(_MESSAGE_OF, number=number, name=name)

    def happened(self, template: str, **fields: str) -> str:
        """What somebody did, marked so that it is nobody's words."""
        return "-- " + self.say(template, **fields)

    def why(self, what: str, reason: str) -> str:
        """The same with its reason, if there is one."""
        return self.say(_WHY, what=what, reason=harmless_line(reason)) if reason else what


def _indented(text: str) -> str:
    return harmless(text).replace("\n", _INDENTED)


# What is said ----------------------------------------------------------------------------------------------------


def _message(telling: Telling, entry: Entry, body: Body) -> str:
    message, name = cast(Message, body), telling.writer(entry)
    if message.redacted:
        return telling.happened(_TAKEN_AWAY, name=name)
    if not message.text:
        return telling.happened(_NOT_YOURS, name=name)
    text = _indented(message.text)
    if message.reply:
        answered = telling.author_of(message.reply)
        template = _TO_NUMBER if answered is None else _TO_PERSON
        text = telling.say(template, name=answered or "", number=message.reply, text=text)
    return _MESSAGE[message.manner].format(name=name, text=text)


def _edited(telling: Telling, entry: Entry, body: Body) -> str:
    """Empty where nothing new is said: a later edit or a redaction took it away, or the message stands right above."""
    edited = cast(Edited, body)
    if not edited.text or telling.shows_edit(edited):
        return ""
    author = None if edited.author is None else harmless_line(edited.author.name)
    message = telling.message(edited.number, author)
    return telling.happened(_EDITED, name=harmless_line(entry.name), message=message, text=_indented(edited.text))


def _redacted(telling: Telling, entry: Entry, body: Body) -> str:
    redacted = cast(Redacted, body)
    message = telling.message(redacted.number, harmless_line(redacted.author.name))
    return telling.why(telling.happened(_REDACTED, name=harmless_line(entry.name), message=message), redacted.reason)


def _reacted(telling: Telling, entry: Entry, body: Body) -> str:
    reacted = cast(Reacted, body)
    template = _REACTION_WITHDRAWN if reacted.withdrawn else _REACTED
    reaction, message = harmless_line(reacted.reaction), telling.message(reacted.number)
    return telling.happened(template, name=telling.writer(entry), reaction=reaction, message=message)


def _topic_set(telling: Telling, entry: Entry, body: Body) -> str:
    topic = harmless_line(cast(TopicSet, body).topic)
    return telling.happened(_TOPIC_SET if topic else _TOPIC_TAKEN, name=telling.writer(entry), topic=topic)


# What is done ----------------------------------------------------------------------------------------------------


def _membership(telling: Telling, entry: Entry, body: Body) -> str:
    changed = cast(MembershipChanged, body)
    names, name = names_of(changed.people), harmless_line(entry.name)
    return telling.why(telling.happened(_MEMBERSHIP[changed.way], names=names, name=name), changed.reason)


def _roles(telling: Telling, entry: Entry, body: Body) -> str:
    phrases = role_phrases(cast(RolesChanged, body).changes, telling.say)
    return telling.happened(_BY, what="; ".join(phrases), name=harmless_line(entry.name))


def _settings(telling: Telling, entry: Entry, body: Body) -> str:
    phrases = settings_phrases(cast(SettingsChanged, body).change, telling.say)
    return telling.happened(_SETTINGS, name=harmless_line(entry.name), what="; ".join(phrases))


def _renamed(telling: Telling, entry: Entry, body: Body) -> str:
    renamed = cast(Renamed, body)
    before, after = harmless_line(renamed.before), harmless_line(renamed.room_name)
    template = _RENAMED if before else _NAMED
    what = telling.happened(template, name=harmless_line(entry.name), before=before, after=after)
    return telling.why(what, renamed.reason)


def _marked(telling: Telling, entry: Entry, body: Body) -> str:
    mark = cast(Marked, body).mark
    what = telling.happened(_MARKED[mark.listing], name=harmless_line(entry.name), mask=harmless_line(mark.mask))
    if mark.until is not None:
        seconds = -(-(mark.until - entry.time) // 1000)  # Its time may lead the clock by less than a second (P2).
        duration = duration_phrase(seconds, telling.say)
        what = telling.say(_HOW_LONG, what=what, duration=duration)
    return telling.why(what, mark.reason)


def _unmarked(telling: Telling, entry: Entry, body: Body) -> str:
    lifted = cast(Unmarked, body)
    template = (_OVER if entry.author == SERVER else _LIFTED)[lifted.listing]
    masks = ", ".join(map(harmless_line, lifted.masks))
    return telling.happened(template, name=harmless_line(entry.name), masks=masks)


def _invitations(telling: Telling, entry: Entry, body: Body) -> str:
    changed = cast(InvitationsChanged, body)
    template = _UNINVITED if changed.withdrawn else _INVITED
    return telling.happened(template, name=harmless_line(entry.name), names=names_of(changed.people))


def _code_made(telling: Telling, entry: Entry, _body: Body) -> str:
    return telling.happened(_CODE_MADE, name=harmless_line(entry.name))


def _data(telling: Telling, entry: Entry, body: Body) -> str:
    data = cast(DataSet, body)
    template = _VALUE_SET if data.value else _VALUE_TAKEN
    key, value = harmless_line(data.key), harmless_line(data.value)
    return telling.happened(template, name=harmless_line(entry.name), key=key, value=value)


def _opened(telling: Telling, entry: Entry, _body: Body) -> str:
    return telling.happened(_OPENED, name=harmless_line(entry.name))


def _archived(telling: Telling, _entry: Entry, _body: Body) -> str:
    return telling.happened(_ARCHIVED)


_Show = Callable[[Telling, Entry, Body], str]

_SHOWN_OF_TWO: Final[dict[type, _Show]] = {
    Message: _message,
    Edited: _edited,
    Redacted: _redacted,
    Reacted: _reacted,
    TopicSet: _topic_set,
}
"""What is shown of a direct room: that it was opened, and by whom, says its first message."""

_SHOWN: Final[dict[type, _Show]] = _SHOWN_OF_TWO | {
    MembershipChanged: _membership,
    RolesChanged: _roles,
    SettingsChanged: _settings,
    Renamed: _renamed,
    Marked: _marked,
    Unmarked: _unmarked,
    InvitationsChanged: _invitations,
    CodeMade: _code_made,
    DataSet: _data,
    Opened: _opened,
    Archived: _archived,
}
"""What is shown of a room. Other bodies are an inbox's."""


def shown(telling: Telling, entry: Entry, *, direct: bool) -> str:
    """An entry in words; empty where there is nothing to show of it."""
    show = (_SHOWN_OF_TWO if direct else _SHOWN).get(type(entry.body))
    return "" if show is None else show(telling, entry, entry.body)
