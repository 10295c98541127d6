"""The console's commands: what each does, says and refuses."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from additions import ANN, BOB, direct, joined, left, opening
from besedka.admin.commands import COMMANDS
from besedka.admin.deeds import AddUser, Status
from besedka.admin.ports import Reloaded
from besedka.chat.audit import AuditLine
from besedka.chat.entries import (
    Kind,
    MembershipChanged,
    Message,
    Person,
    RoomId,
    RoomRole,
    SettingsChange,
    SettingsChanged,
    TopicSet,
    Way,
)
from besedka.chat.principals import SERVER, AccountName, PrincipalId
from besedka.chat.refusals import Code, Refusal
from besedka.chat.room_requests import SetRole
from besedka.chat.told import Parting
from besedka.hub.accounts import InvitationState
from besedka.hub.faults import StoreFault
from besedka.hub.keeping import AuditRow
from office import NOW, Office


@pytest.fixture
def office(tmp_path: Path) -> Office:
    office = Office(tmp_path)
    for name in ("ann", "bob"):
        office.do(AddUser(name=name, password="correct horse"))
    return office


def test_help_lists_every_command(office: Office) -> None:
    _ended, lines, _ = office.type("help")
    assert [line.split()[0] for line in lines] == list(COMMANDS)


def test_status_says_what_the_server_is_doing(office: Office) -> None:
    office.governor.arrive("ann", 1)
    office.governor.arrive("ann", 1)
    office.premises.paused = True
    _ended, lines, _ = office.type("status")
    assert lines == [
        "besedka 0.1.0, up 1 d 2 h 3 min 4 s",
        "listening on 127.0.0.1:9090 (paused)",
        "3 connections, 2 sessions of 1 person",
        "2 rooms open, 30 entries kept since the start",
        "0 messages kept; on the disk messages.db 117.7 MiB, accounts.db 0.0 MiB",
    ]


def test_who_shows_everybody_in_columns_and_harmless(office: Office) -> None:
    office.governor.arrive("ann", 1)
    office.governor.arrive("\x1b[31m漢字", -5, "2001:db8::1")
    _ended, lines, _ = office.type("who")
    assert lines == [
        "NAME       ROLE   FROM         BY          SINCE (UTC)",
        "ann        user   192.0.2.1    native+tls  2023-11-14 22:13",
        "�[31m漢字  guest  2001:db8::1  native+tls  2023-11-14 22:13",
    ]


def test_users_is_the_list_of_accounts(office: Office) -> None:
    _ended, lines, _ = office.type("users")
    assert lines == [
        "NAME  ROLE  FIRST SEEN (UTC)  FROM  LAST SEEN (UTC)  FROM",
        "ann   user  2023-11-14 22:13  -     -                -",
        "bob   user  2023-11-14 22:13  -     -                -",
    ]


def test_rooms_of_an_empty_server_are_a_header(office: Office) -> None:
    assert office.type("rooms")[1] == ["ROOM  KIND  OWNER  MEMBERS  MESSAGES  SETTINGS  TOPIC"]


def test_rooms_are_shown_with_what_they_are_and_whose(office: Office) -> None:
    strict = SettingsChange(moderated=True, topic_locked=True, no_ctcp=True, members_only=False)
    tight = SettingsChange(key="hunter2", members_max=20, slow_seconds=5)
    rooms = [
        opening(1, "den", joined(ANN), kind=Kind.PRIVATE),
        opening(2, "hall", joined(ANN, BOB), SettingsChanged(strict), TopicSet("all\x1b[2J welcome")),
        opening(3, "left", joined(ANN), left(ANN), SettingsChanged(tight)),
        opening(4, "lobby", owner=Person(SERVER, AccountName("server"))),
        opening(5, "passing", joined(BOB), Message("hi"), owner=None),
        direct(6, ANN, BOB),
    ]
    asyncio.run(office.logs.append(rooms))
    assert office.type("rooms")[1][1:] == [
        "den      private  ann         1        0         hidden, invite-only                                 -",
        "hall     public   ann         2        0         moderated, topic-locked, no-ctcp, not members-only  "
        "all\ufffd[2J welcome",
        "left     public   (gone)      0        0         key, limit 20, slow 5 s                             -",
        "lobby    public   the server  0        0         -                                                   -",
        "passing  public   -           1        1         -                                                   -",
    ]


def test_say_takes_the_rest_of_the_line_as_it_is(office: Office) -> None:
    assert office.type("say  Dinner  is ready ")[0].status is Status.FINE
    assert office.governor.said == ["Dinner  is ready"]


def test_say_that_is_refused_says_why(office: Office) -> None:
    office.governor.refusal = Refusal(Code.NOT_KEPT)
    ended, lines, faults = office.type("say x")
    assert (ended.status, lines, faults) == (Status.FAILED, [], [Refusal(Code.NOT_KEPT).sentence])


def test_kick_ends_every_session_of_that_name(office: Office) -> None:
    office.governor.arrive("ann", 1)
    office.governor.arrive("bob", 2)
    office.governor.arrive("ann", 1)
    assert office.type("kick ANN")[1] == ["ann is kicked (2 sessions)."]
    assert office.governor.ended == [("ann", Parting.KICKED)] * 2
    assert office.type("kick ann")[2] == ["ann is not here."]


def test_a_banned_account_is_out_and_stays_out(office: Office) -> None:
    office.governor.arrive("ann", 1)
    office.governor.arrive("bob", 2)
    assert office.type("ban Ann 3")[1] == ["ann is banned for 3 days (1 session ended)."]
    assert office.governor.ended == [("ann", Parting.BANNED)]
    assert asyncio.run(office.accounts.banned(PrincipalId(1), "192.0.2.1", now=NOW + 3 * 86_400_000 - 1))
    assert not asyncio.run(office.accounts.banned(PrincipalId(1), "192.0.2.1", now=NOW + 3 * 86_400_000))
    assert office.type("bans")[1][1:] == ["ann  2023-11-14 22:13  2023-11-17 22:13"]
    assert office.type("unban ANN")[1] == ["ANN is no longer banned."]
    assert office.type("unban ann")[2] == ["ann is not banned."]
    assert not asyncio.run(office.accounts.banned(PrincipalId(1), "192.0.2.1", now=NOW))


def test_a_banned_network_is_out_with_everybody_in_it(office: Office) -> None:
    office.governor.arrive("ann", 1, "192.0.2.77")
    office.governor.arrive("bob", 2, "198.51.100.1")
    office.governor.arrive("eve", -1, "pipe")
    assert office.type("ban 192.0.2.9/24")[1] == ["192.0.2.0/24 is banned for ever (1 session ended)."]
    assert office.governor.ended == [("ann", Parting.BANNED)]
    assert asyncio.run(office.accounts.banned(None, "192.0.2.1", now=NOW))
    assert office.type("bans")[1][1:] == ["192.0.2.0/24  2023-11-14 22:13  for ever"]
    assert office.type("unban 192.0.2.0/24")[0].status is Status.FINE


def test_mute_and_unmute_reach_the_store_and_the_sessions(office: Office) -> None:
    assert office.type("mute bob")[1] == ["bob is muted."]
    assert office.account("bob") == office.governor.changed[-1]
    assert office.governor.changed[-1].muted
    assert office.type("unmute bob")[1] == ["bob may speak again."]
    assert office.account("bob") == office.governor.changed[-1]
    assert not office.governor.changed[-1].muted


def test_what_an_operator_does_to_people_is_in_the_audit_trail(office: Office) -> None:
    office.governor.arrive("ann", 1)
    for line in ("kick ANN", "kick ann", "ban Ann 3", "ban 192.0.2.9/24", "unban ANN", "unban ann", "mute BOB"):
        office.type(line)
    office.type("unmute bob")
    audited = office.audited()
    assert {(row.time, row.by, row.room) for row in audited} == {(NOW, "operator", "")}
    assert [row.line for row in audited] == [
        AuditLine("kick", "ann"),
        AuditLine("ban", "ann", until=NOW + 3 * 86_400_000),
        AuditLine("ban", "192.0.2.0/24"),
        AuditLine("lift ban", "ann"),
        AuditLine("mute", "bob"),
        AuditLine("lift mute", "bob"),
    ]


def test_why_an_operator_did_it_is_in_the_audit_trail(office: Office) -> None:
    office.governor.arrive("ann", 1)
    for line in (
        "kick ann  that was enough ",
        "ban ann 3 and again",
        "ban ann ever",
        "ban ann EVER so long",
        "mute bob x",
    ):
        office.type(line)
    assert [row.line for row in office.audited()] == [
        AuditLine("kick", "ann", "that was enough"),
        AuditLine("ban", "ann", "and again", NOW + 3 * 86_400_000),
        AuditLine("ban", "ann"),
        AuditLine("ban", "ann", "so long"),
        AuditLine("mute", "bob", "x"),
    ]
    office.governor.arrive("ann", 1)
    office.type(f"kick ann {'x' * 10_000}")
    assert office.audited()[-1].line.reason == "x" * 300


def test_the_audit_trail_is_a_table_with_the_newest_last(office: Office) -> None:
    room = opening(1, "den", joined(ANN, BOB), MembershipChanged(Way.REMOVED, (BOB,), "rude\x07"))
    asyncio.run(office.logs.append([room]))
    office.type("ban ann 1")
    office.type("mute bob")
    assert office.type("audit")[1] == [
        "TIME (UTC)        WHO       ACT   WHOM  ROOM  UNTIL (UTC)       REASON",
        "2023-11-14 22:13  ann       kick  Bob   den   -                 rude\ufffd",
        "2023-11-14 22:13  operator  ban   ann   -     2023-11-15 22:13  -",
        "2023-11-14 22:13  operator  mute  bob   -     for ever          -",
    ]
    assert [line.split()[3] for line in office.type("audit 1")[1]] == ["ACT", "mute"]
    for _ in range(20):
        office.type("unmute bob")
    lines = office.type("audit")[1][1:]
    assert len(lines) == 20
    assert {line.split()[3] for line in lines} == {"lift"}


def test_a_long_line_of_the_audit_trail_is_cut(office: Office) -> None:
    asyncio.run(office.trail.record("kick", "x" * 10_000))
    assert all(len(line) < 400 for line in office.type("audit")[1])


def test_a_scrub_says_whether_it_is_done(office: Office) -> None:
    assert office.type("scrub")[1] == ["Nothing of what was taken back is left in the files."]

    async def busy() -> bool:
        return False

    office.logs.scrub = busy  # type: ignore[method-assign]
    ended, lines, faults = office.type("scrub")
    assert (ended.status, lines) == (Status.FAILED, [])
    assert faults == ["Somebody is reading just now. It is done within the hour by itself; or try again."]


def test_a_member_becomes_owner_by_way_of_the_room(office: Office) -> None:
    office.governor.rooms["#den"] = RoomId(7)
    assert office.type("owner #den BOB")[1] == ["bob owns #den."]
    (act,) = office.governor.acts
    assert act == SetRole(room=RoomId(7), name="bob", role=RoomRole.OWNER)
    assert office.type("owner nowhere bob")[2] == ["There is no such room."]
    assert office.type("owner #den nobody")[2] == ["There is nobody of that name."]
    office.governor.refusal = Refusal(Code.NOT_HERE)
    ended, lines, faults = office.type("owner #den ann")
    assert (ended.status, lines, faults) == (Status.FAILED, [], ["They are not in that room."])
    assert len(office.governor.acts) == 1


def test_an_act_that_cannot_be_audited_is_not_done(office: Office) -> None:
    async def full(row: AuditRow) -> None:
        raise StoreFault("disk")

    office.logs.add_audit = full  # type: ignore[method-assign]
    office.governor.arrive("ann", 1)
    for line in ("kick ann", "ban ann", "ban 192.0.2.0/24", "mute ann"):
        assert office.type(line)[0].status is Status.FAILED
    assert office.governor.ended == []
    assert office.governor.changed == []
    assert office.type("bans")[1][1:] == []


def test_an_invitation_is_good_for_as_long_as_was_said(office: Office) -> None:
    ended, lines, _ = office.type("invite 2 3")
    assert ended.status is Status.FINE
    (code,) = lines
    assert len(code) == 16
    day = 86_400_000
    assert asyncio.run(office.accounts.invitation(code, now=NOW + 2 * day - 1)) is InvitationState.GOOD
    assert asyncio.run(office.accounts.invitation(code, now=NOW + 2 * day)) is InvitationState.BAD
    assert office.type("invite 0")[2] == ["An invitation is good for 1 to 366 days."]
    assert office.type("invite 1 x")[2] == ["An invitation is good for 1 to 10000 uses."]


def test_the_log_is_shown_and_emptied(office: Office) -> None:
    office.log.note("login", name="ann")
    _ended, lines, _ = office.type("log 2")
    assert [line.split(" ", 1)[1] for line in lines] == ["login name=ann", "command name=log"]
    assert office.type("clear-log")[0].status is Status.FINE
    assert [line.split(" ", 1)[1] for line in office.log_path.read_text().splitlines()] == ["log cleared"]
    assert office.type("log 0")[2] == ["N is a number from 1 to 1000."]


def test_no_command_writes_what_was_typed_to_the_log(office: Office) -> None:
    office.type("say the eagle has landed")
    office.type("the eagle has landed")
    assert "eagle" not in office.log_path.read_text()


def test_pause_resume_and_shutdown_reach_the_process(office: Office) -> None:
    office.type("pause")
    assert office.premises.paused
    office.type("resume")
    assert not office.premises.paused
    office.type("shutdown")
    assert office.premises.stopped


def test_reload_says_what_came_of_it(office: Office) -> None:
    ended, lines, faults = office.type("reload")
    assert (ended.status, lines, faults) == (Status.FINE, ["The certificate was read again."], [])
    office.premises.reloaded = Reloaded(good=False, lines=("besedka.toml:1: `nmae` is no key",))
    ended, lines, faults = office.type("reload")
    assert (ended.status, lines, faults) == (Status.FAILED, [], ["besedka.toml:1: `nmae` is no key"])


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("dance", "There is no command 'dance'; `help` lists them."),
        ("\x1b[2J", "There is no command '\\x1b[2j'; `help` lists them."),
        ("help me", "It goes: help"),
        ("kick", "It goes: kick NAME [REASON]"),
        ("unmute a b", "It goes: unmute NAME"),
        ("say", "It goes: say TEXT"),
        ("say   ", "It goes: say TEXT"),
        ("audit 0", "N is a number from 1 to 1000."),
        ("audit 1001", "N is a number from 1 to 1000."),
        ("owner den", "It goes: owner ROOM NAME"),
        ("log many", "N is a number from 1 to 1000."),
        ("log 1001", "N is a number from 1 to 1000."),
        ("log ٣", "N is a number from 1 to 1000."),
        ("ban ann soon", "DAYS is a number from 1 to 36500, or ever; without it the ban is for ever."),
        ("ban ann 0 rude", "DAYS is a number from 1 to 36500, or ever; without it the ban is for ever."),
    ],
)
def test_misuse_is_one_sentence(office: Office, line: str, fault: str) -> None:
    ended, lines, faults = office.type(line)
    assert ended.status is Status.MISUSED
    assert lines == []
    assert [one.casefold() for one in faults] == [fault.casefold()]


@pytest.mark.parametrize("line", ["ban nobody", "unban nobody", "mute nobody", "unmute nobody", "mute '\x00"])
def test_nobody_of_that_name_is_one_sentence(office: Office, line: str) -> None:
    ended, _lines, faults = office.type(line)
    assert ended.status is Status.FAILED
    assert faults[0].startswith("There is nobody of that name.")


def test_an_empty_line_does_nothing(office: Office) -> None:
    before = office.log_path.read_text()
    assert office.type("  ") == (office.type("")[0], [], [])
    assert office.log_path.read_text() == before


@pytest.mark.parametrize("trouble", [StoreFault("disk"), ZeroDivisionError("hunter2")])
def test_what_goes_wrong_inside_is_said_and_logged_and_ends_nothing(office: Office, trouble: Exception) -> None:
    office.governor.trouble = trouble
    ended, _lines, faults = office.type("say x")
    assert ended.status is Status.FAILED
    assert len(faults) == 1
    assert "server.log" in faults[0]
    assert type(trouble).__name__ in office.log_path.read_text()
    assert "hunter2" not in office.log_path.read_text()
