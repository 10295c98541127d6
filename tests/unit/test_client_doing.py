"""What each command asks for, and what it says where there is nothing to ask."""

from __future__ import annotations

import msgspec
import pytest

from besedka.chat.entries import (
    Edited,
    Ignored,
    Kind,
    Level,
    Listing,
    Manner,
    Message,
    Person,
    Redacted,
    RoomId,
    RoomRole,
    SettingsChange,
)
from besedka.chat.own_requests import (
    Away,
    ChangePassword,
    EndSessions,
    GetData,
    Ignore,
    ListSessions,
    Overview,
    RemoveAccount,
    SetNotify,
    SetProfile,
    Whois,
    Whowas,
)
from besedka.chat.principals import AccountName, PrincipalId
from besedka.chat.requests import (
    NO_ROOM,
    Edit,
    History,
    Join,
    Leave,
    ListRooms,
    React,
    Redact,
    Request,
    Say,
    Search,
    SetTopic,
    Tell,
    Who,
)
from besedka.chat.room_requests import (
    ChangeSettings,
    Invite,
    Kick,
    LiftMark,
    ListMarks,
    MakeCode,
    Open,
    Rename,
    SetData,
    SetMark,
    SetRole,
    Transfer,
    Uninvite,
)
from besedka.client.command_table import COMMANDS, EXIT, Group
from besedka.client.commands import Confided, Ordered, understood
from besedka.client.deeds.past import zone
from besedka.client.doing import Doer
from besedka.client.showing import Look
from besedka.client.surface import Surface
from lone_client import in_the_lobby
from scripted import ANN, BOB, INBOX, LOBBY, entry, of, room

BOB_HIMSELF = Person(BOB, AccountName("bob"))


class Typist:
    """Ann, in the lobby, in which she and bob have said something."""

    def __init__(self) -> None:
        self.someone = in_the_lobby()
        self.core = self.someone.core
        self.lines: list[str] = []
        self.notices: list[str] = []
        self.surface = Surface(self.core, Look(), line=self.lines.append, notice=self.notices.append)
        self.doer = Doer(self.core, self.surface, unsayable={"correct horse"})
        self.told(of(LOBBY, entry(1, "from bob"), entry(2, "from ann", author=ANN, name="ann"), entry(3, "again")))
        self.surface.settle()
        self.someone.asked()
        self.notices.clear()

    def told(self, *units: object) -> None:
        for event in self.someone.told(*units):  # type: ignore[arg-type]
            self.surface.show(event)

    def types(self, line: str) -> list[Request]:
        """What is asked because of a line, without the ids."""
        self.doer.carry_out(understood(line))
        return [_without_id(one) for one in self.someone.asked()]

    def confides(self, line: str, *answers: str) -> None:
        """A line, and what is answered to the questions it leads to."""
        ordered = understood(line)
        assert isinstance(ordered, Ordered)
        self.doer.carry_out_confided(Confided(ordered, answers))


def _without_id(request: Request) -> Request:
    return msgspec.structs.replace(request, id=None)


ASKED: dict[str, Request | list[Request]] = {
    # Talking.
    "hello": Say(room=LOBBY, text="hello"),
    "//quit": Say(room=LOBBY, text="/quit"),
    "/me waves": Say(room=LOBBY, text="waves", manner=Manner.DONE),
    "/msg @bob psst  you": Tell(name="bob", text="psst  you"),
    "/reply 1 yes  indeed": Say(room=LOBBY, text="yes  indeed", reply=1),
    "/reply #1 yes": Say(room=LOBBY, text="yes", reply=1),
    "/reply @BOB yes": Say(room=LOBBY, text="yes", reply=3),
    "/edit 5 apples": Edit(room=LOBBY, number=2, text="5 apples"),
    "/edit #1 apples": Edit(room=LOBBY, number=1, text="apples"),
    "/edit 1 apple": Edit(room=LOBBY, number=2, text="1 apple"),
    "/edit 2": Edit(room=LOBBY, number=2, text="2"),
    "/edit #tea is nice": Edit(room=LOBBY, number=2, text="#tea is nice"),
    "/edit one\ntwo": Edit(room=LOBBY, number=2, text="one\ntwo"),
    "/redact": Redact(room=LOBBY, number=2),
    "/redact wrong room": Redact(room=LOBBY, number=2, reason="wrong room"),
    "/redact #1 spam": Redact(room=LOBBY, number=1, reason="spam"),
    "/redact 1 spam": Redact(room=LOBBY, number=1, reason="spam"),
    "/redact #7": Redact(room=LOBBY, number=7),
    "/redact @bob": Redact(room=LOBBY, number=3),
    "/react @bob 👍": React(room=LOBBY, number=3, reaction="👍"),
    "/unreact 1 👍": React(room=LOBBY, number=1, reaction="👍", withdrawn=True),
    "/history 5": History(room=LOBBY, before=4, limit=5),
    "/search  green tea": Search(query="green tea", zone=zone(), limit=20),
    "/more": [],
    # Rooms.
    "/rooms": ListRooms(),
    "/join tea": Join(name="tea", show=20),
    "/join tea sesame": Join(name="tea", show=20, key="sesame", code="sesame"),
    "/join lobby": [],
    "/make tea": Open(name="tea"),
    "/make tea all about it": Open(name="tea", topic="all about it"),
    "/make tea private all about it": Open(name="tea", room_kind=Kind.PRIVATE, topic="all about it"),
    "/make tea Private": Open(name="tea", room_kind=Kind.PRIVATE),
    "/room lobby": [],
    "/leave": Leave(room=LOBBY),
    "/leave lobby": Leave(room=LOBBY),
    "/leave #lobby for good": Leave(room=LOBBY, reason="for good"),
    "/leave for good": Leave(room=LOBBY, reason="for good"),
    "/topic tea at five": SetTopic(room=LOBBY, topic="tea at five"),
    "/topic": [],
    "/invite @eve": Invite(room=LOBBY, name="eve"),
    "/invite eve lobby": Invite(room=LOBBY, name="eve"),
    "/uninvite eve": Uninvite(room=LOBBY, name="eve"),
    "/code": MakeCode(room=LOBBY, seconds=7 * 86_400),
    "/code 1": MakeCode(room=LOBBY, seconds=86_400),
    "/settings moderated on": ChangeSettings(room=LOBBY, change=SettingsChange(moderated=True)),
    "/settings Hidden OFF": ChangeSettings(room=LOBBY, change=SettingsChange(hidden=False)),
    "/settings key sesame": ChangeSettings(room=LOBBY, change=SettingsChange(key="sesame")),
    "/settings key off": ChangeSettings(room=LOBBY, change=SettingsChange(key="")),
    "/settings limit 20": ChangeSettings(room=LOBBY, change=SettingsChange(members_max=20)),
    "/settings slow 2m": ChangeSettings(room=LOBBY, change=SettingsChange(slow_seconds=120)),
    "/settings slow 30": ChangeSettings(room=LOBBY, change=SettingsChange(slow_seconds=30)),
    "/settings keep-for 30d": ChangeSettings(room=LOBBY, change=SettingsChange(keep_seconds=30 * 86_400)),
    "/settings keep-last 500": ChangeSettings(room=LOBBY, change=SettingsChange(keep_messages=500)),
    "/settings keep-for off": ChangeSettings(room=LOBBY, change=SettingsChange(keep_seconds=0)),
    "/settings slow off": ChangeSettings(room=LOBBY, change=SettingsChange(slow_seconds=0)),
    "/rename #teahouse": Rename(room=LOBBY, name="teahouse"),
    # Governing.
    "/kick @eve that was enough": Kick(room=LOBBY, name="eve", reason="that was enough"),
    "/ban eve": SetMark(room=LOBBY, listing=Listing.BAN, mask="eve", put_out=True),
    "/ban eve 2h come back": SetMark(
        room=LOBBY, listing=Listing.BAN, mask="eve", seconds=7200, reason="come back", put_out=True
    ),
    "/ban *!*@*.x.ip spam": SetMark(
        room=LOBBY, listing=Listing.BAN, mask="*!*@*.x.ip", reason="spam", put_out=True
    ),
    "/ban @10.0.0.1": SetMark(room=LOBBY, listing=Listing.BAN, mask="@10.0.0.1", put_out=True),
    "/unban @eve": LiftMark(room=LOBBY, listing=Listing.BAN, mask="eve"),
    "/mute eve 1w": SetMark(room=LOBBY, listing=Listing.MUTE, mask="eve", seconds=604_800),
    "/unmute eve": LiftMark(room=LOBBY, listing=Listing.MUTE, mask="eve"),
    "/except ann": SetMark(room=LOBBY, listing=Listing.BAN_EXCEPTION, mask="ann"),
    "/unexcept ann": LiftMark(room=LOBBY, listing=Listing.BAN_EXCEPTION, mask="ann"),
    "/welcome ann": SetMark(room=LOBBY, listing=Listing.INVITE_EXCEPTION, mask="ann"),
    "/unwelcome ann": LiftMark(room=LOBBY, listing=Listing.INVITE_EXCEPTION, mask="ann"),
    "/bans": ListMarks(room=LOBBY, listing=Listing.BAN),
    "/mutes": ListMarks(room=LOBBY, listing=Listing.MUTE),
    "/exceptions": [
        ListMarks(room=LOBBY, listing=Listing.BAN_EXCEPTION),
        ListMarks(room=LOBBY, listing=Listing.MUTE_EXCEPTION),
        ListMarks(room=LOBBY, listing=Listing.INVITE_EXCEPTION),
    ],
    "/voice bob": SetRole(room=LOBBY, name="bob", voice=True),
    "/unvoice bob": SetRole(room=LOBBY, name="bob", voice=False),
    "/moderator bob": SetRole(room=LOBBY, name="bob", role=RoomRole.MODERATOR),
    "/unmoderator bob": SetRole(room=LOBBY, name="bob", role=RoomRole.MEMBER),
    "/owner bob": Transfer(room=LOBBY, name="bob"),
    # People.
    "/who": Who(room=LOBBY),
    "/whois bob": Whois(name="bob"),
    "/whowas bob": Whowas(name="bob"),
    "/ignore @eve": Ignore(name="eve"),
    "/unignore eve": Ignore(name="eve", withdrawn=True),
    "/ignored": [],
    # Myself.
    "/away lunch": Away(message="lunch"),
    "/away": Away(message="away"),
    "/back": Away(),
    "/unread": Overview(),
    "/notify none": SetNotify(room=LOBBY, level=Level.NONE),
    "/notify lobby Mentions": SetNotify(room=LOBBY, level=Level.MENTIONS),
    "/profile name Ann A.": SetProfile(real_name="Ann A."),
    "/profile bot on": SetProfile(bot=True),
    "/profile invisible off": SetProfile(invisible=False),
    "/profile unlisted on": SetProfile(unlisted=True),
    "/profile accounts-only off": SetProfile(accounts_only=False),
    "/profile": [],
    "/data": GetData(name="ann"),
    "/data @bob": GetData(name="bob"),
    "/data room": GetData(room=LOBBY),
    "/data pronouns she / her": SetData(room=NO_ROOM, key="pronouns", value="she / her"),
    "/data pronouns": SetData(room=NO_ROOM, key="pronouns"),
    "/data room wiki here": SetData(room=LOBBY, key="wiki", value="here"),
    "/sessions": ListSessions(),
    "/revoke abc": EndSessions(handle="abc"),
    "/revoke others": EndSessions(),
    "/password": [],
    "/remove-account": [],
    "/nick": [],
    "/numbers": [],
    "/settings": [],
    "/help": [],
}  # fmt: skip


@pytest.mark.parametrize("line", ASKED)
def test_what_a_line_asks_for(line: str) -> None:
    expected = ASKED[line]
    assert Typist().types(line) == (expected if isinstance(expected, list) else [expected])


def test_every_command_is_carried_out_and_tried() -> None:
    words = {command.word for command in COMMANDS} - {EXIT.word, "paste"}
    assert Typist().doer.words == words
    tried = {line[1:].partition(" ")[0] for line in ASKED if line[0] == "/" != line[1]}
    assert tried == words - {"export"}, "which writes a file: test_client_exporting"


def said(line: str) -> str:
    """The one notice that a line is answered with, asking nothing."""
    typist = Typist()
    assert typist.types(line) == []
    (notice,) = typist.notices
    return notice.removeprefix("-- ")


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("/kick", "It is used like this: /kick NAME [REASON], for example /kick eve that was enough"),
        ("/reply @nobody\x1b hi", "nobody\ufffd has said nothing that is on your screen"),
        ("/redact 5 minutes late", "Message 5 is not on your screen; /redact #5 means it."),
        (
            "/redact bob spam",
            "/redact @bob takes away what bob said last; a reason that begins so goes after a number.",
        ),
        ("/redact ANN spam", "/redact @ANN takes away what ANN said last"),
        ("/redact #wrong room", "#wrong has said nothing"),
        ("/redact @eve spam", "eve has said nothing"),
        ("/edit 2 apples", "/edit #2 TEXT is about your message 2; /edit #2 2 TEXT about your last."),
        ("/edit #1", "What is #1 to say? /edit #1 TEXT"),
        ("/react @eve 👍", "eve has said nothing that is on your screen"),
        ("/invite eve nowhere", "You are not in nowhere; /join enters it."),
        ("/who nowhere", "You are not in nowhere; /join enters it."),
        ("/code soon", "/code takes a number of days."),
        ("/code 0", "/code takes a number of days."),
        ("/settings colour blue", "A setting is one of invite-only, hidden,"),
        ("/settings hidden perhaps", "A setting is one of invite-only, hidden,"),
        ("/settings limit", "A setting is one of invite-only, hidden,"),
        ("/settings key", "A setting is one of invite-only, hidden,"),
        ("/notify loud", "It is used like this: /notify"),
        ("/profile bot perhaps", "It is used like this: /profile"),
        ("/profile", "no real name"),
        ("/ignored", "you ignore nobody"),
        ("/nick other", "Your name is ann wherever you log in"),
        ("/password secret", "Type /password alone on a line"),
        ("/history 201", "/history takes a number from 1 to 200."),
        ("/me correct horse", "That line is a password that was given here, so it was not said."),
    ],
)
def test_what_cannot_be_asked_is_explained(line: str, answer: str) -> None:
    assert said(line).startswith(answer)


@pytest.mark.parametrize("line", ["/kick eve", "/away", "/sessions", "/settings hidden on", "/edit hi", "/make tea"])
def test_without_a_connection_nothing_waits_that_is_meant_for_now(line: str) -> None:
    typist = Typist()
    typist.core.lost()
    typist.types(line)
    assert typist.notices == ["-- There is no connection just now; try again when it is back."]
    assert typist.core.outbox == ()


def test_my_last_message_is_found_by_who_i_am() -> None:
    typist = Typist()
    typist.told(of(LOBBY, entry(4, Message("", redacted=5), author=ANN, name="ann")))
    assert typist.types("/redact") == [Redact(room=LOBBY, number=2)]
    typist.surface.transcript.forget()
    typist.types("/redact")
    assert typist.notices[-1].startswith("-- You have said nothing here lately")


def test_numbers_are_shown_at_once_with_the_last_messages_of_the_room() -> None:
    typist = Typist()
    typist.told(room(INBOX, kind=Kind.INBOX), of(INBOX, entry(1, Ignored(Person(PrincipalId(5), AccountName("eve"))))))
    typist.told(room(RoomId(9), name="tea"), of(RoomId(9), entry(1, "elsewhere")))
    typist.told(of(LOBBY, *(entry(number) for number in range(4, 13)), entry(13, Redacted(4, BOB_HIMSELF), author=BOB)))
    typist.told(of(LOBBY, entry(14, "spam", author=PrincipalId(5), name="eve"), entry(15, Edited(5, "mended"))))
    typist.lines.clear()
    typist.types("/numbers")
    texts = [line.partition(" ")[2] for line in typist.lines]
    first = ["#2 ann: from ann", "#3 bob: again", "#5 bob: mended (edited)"]
    assert texts == [*first, *(f"#{number} bob: m{number}" for number in range(6, 13))]
    typist.types("/numbers")
    assert len(typist.lines) == 10
    assert typist.notices[-1] == "-- no numbers any more"


def test_what_is_known_of_me_is_shown() -> None:
    typist = Typist()
    ignored = Ignored(Person(BOB, AccountName("bob")))
    typist.told(room(INBOX, kind=Kind.INBOX), of(INBOX, entry(1, ignored)))
    typist.types("/ignored")
    assert typist.notices[-1] == "-- you ignore bob"


def test_settings_are_shown_as_they_are() -> None:
    typist = Typist()
    typist.types("/settings")
    assert typist.lines[-12] == "settings of lobby; /settings NAME VALUE changes one"


# Passwords ---------------------------------------------------------------------------------------------------------


def test_a_password_is_changed_and_is_no_thing_to_say() -> None:
    typist = Typist()
    typist.confides("/password", "old one", "new one", "new one")
    assert [_without_id(one) for one in typist.someone.asked()] == [ChangePassword(old="old one", new="new one")]
    assert typist.core.outbox == ()
    for secret in ("old one", "new one"):
        assert typist.types(secret) == []


def test_two_different_passwords_change_nothing() -> None:
    typist = Typist()
    typist.confides("/password", "old one", "new one", "now one")
    assert typist.someone.asked() == []
    assert "two different passwords" in typist.notices[-1]
    assert typist.types("now one") == [], "it may be what somebody meant"


# Removal of one's account ------------------------------------------------------------------------------------------


def test_without_a_name_the_end_is_only_explained() -> None:
    typist = Typist()
    assert typist.types("/remove-account") == []
    assert "for ever" in typist.notices[-1]
    assert "/remove-account ann redact" in typist.notices[-1]


@pytest.mark.parametrize(("line", "redact"), [("ann", False), ("@Ann redact", True)])
def test_whoever_types_their_name_again_is_removed(line: str, redact: bool) -> None:
    typist = Typist()
    typist.confides(f"/remove-account {line}", "old one")
    assert [_without_id(one) for one in typist.someone.asked()] == [RemoveAccount(password="old one", redact=redact)]
    assert typist.types("old one") == []


@pytest.mark.parametrize("line", ["bob", "ann please", "bob redact"])
def test_nobody_is_removed_by_mistake(line: str) -> None:
    typist = Typist()
    typist.confides(f"/remove-account {line}", "old one")
    assert typist.someone.asked() == []
    assert "Nothing was removed" in typist.notices[-1]
    assert typist.types("old one") == []


# Help --------------------------------------------------------------------------------------------------------------


def helped(word: str = "") -> str:
    typist = Typist()
    assert typist.types(f"/help {word}") == []
    return "\n".join(typist.lines[4:])  # After a day and three messages.


def test_help_fits_a_screen_and_names_everything() -> None:
    text = helped()
    assert len(text.splitlines()) <= 20
    assert all(f"/{command.word}" in text for command in COMMANDS)
    assert all(f"  {group.value}" in text for group in Group)


@pytest.mark.parametrize("group", Group)
def test_help_about_what_people_want_to_do(group: Group) -> None:
    text = helped(group.value)
    for command in COMMANDS:
        assert (f"  {command.usage}" in text and command.summary in text) is (command.group is group)


@pytest.mark.parametrize("word", ["ban", "/ban", "BAN"])
def test_help_about_one_command_has_an_example(word: str) -> None:
    text = helped(word)
    assert text.startswith("/ban MASK [TIME] [REASON]\n")
    assert "for example: /ban eve 2h come back calmer" in text


def test_help_about_an_alias_and_about_nothing() -> None:
    assert "also: /m /query /tell" in helped("query")
    assert helped("\x1bnonsense") == "-- There is nothing called \ufffdnonsense here; /help shows what there is."
    assert all(f"  {command.usage}" in helped("all") for command in COMMANDS)
