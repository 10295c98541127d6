"""A room is governed in a terminal: two people, somebody who makes trouble, and a real server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from server import Server, besedka
from typing_person import Typist
from waiting import block_until


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("data"), arguments=["--no-console"]) as running:
        yield running


def arguments(server: Server) -> tuple[str, str]:
    return "127.0.0.1", str(server.port)


def test_a_troublemaker_is_put_in_order(server: Server, tmp_path: Path) -> None:
    ways = [Typist(tmp_path / name, *arguments(server)) for name in ("ann", "bob", "eve")]
    with ways[0] as ann, ways[1] as bob, ways[2] as eve:
        for typist, name in ((ann, "ann"), (bob, "bob"), (eve, "eve")):
            typist.enters(name)
        ann.types("/make tea all about tea")
        ann.sees("-- ann opened this room", "tea>")
        bob.types("/join tea")
        ann.sees("-- bob joined")
        eve.types("/join tea")
        ann.sees("-- eve joined")
        ann.types("/moderator bob")
        bob.sees("-- bob is a moderator now (by ann)")

        eve.types("buy my stuff")
        bob.sees("eve: buy my stuff")
        bob.types("/redact @eve advertising")
        ann.sees("-- bob took away #", "of eve", ": advertising")
        bob.types("/mute eve 10m cool down")
        eve.sees("-- bob muted eve for 10 minutes: cool down")
        eve.types("I will not")
        eve.sees("You are muted in this room.", "I will not")
        eve.types("/kick bob")
        eve.sees("You may not do that in this room.")
        bob.types("/unmute eve")
        eve.sees("-- bob lifted the mute on eve")
        eve.types("buy it now")
        ann.sees("eve: buy it now")
        ann.types("/ban eve 2h enough")
        eve.sees("-- ann banned eve for 2 hours: enough")
        eve.sees("-- ann put eve out: enough", "you are in lobby")
        bob.types("/bans")
        bob.sees("banned from tea: 1", "eve", "until", "by ann", ": enough")
        eve.types("/join tea")
        eve.sees("You are banned from that room.")

        ann.types("/unban eve")
        bob.sees("-- ann lifted the ban on eve")
        ann.types("/settings invite-only on")
        bob.sees("-- ann changed this room: it is entered by invitation only")
        eve.types("/join tea")
        eve.sees("That room is entered by invitation only.")
        bob.types("/invite eve")
        eve.sees("-- bob invites you to tea; /join tea enters it")
        eve.types("/join tea")
        eve.sees("tea>")
        ann.types("/settings moderated on")
        eve.sees("only those with a voice may speak")
        eve.types("and now?")
        eve.sees("This room is moderated", "and now?")
        ann.types("/voice eve")
        eve.sees("-- eve has a voice now (by ann)")
        eve.types("sorry")
        bob.sees("eve: sorry")
        bob.types("/who")
        bob.sees("3 people", "@ann", "%bob", "+eve", "@ owner, % moderator, + has a voice")
        ann.types("/owner bob")
        bob.sees("bob is an owner now", "ann is a moderator now")
        for typist in (ann, bob, eve):
            typist.types("exit")
            assert typist.status() == 0


def test_what_was_said_is_mended_and_answered(server: Server, tmp_path: Path) -> None:
    with Typist(tmp_path / "c", *arguments(server)) as cat, Typist(tmp_path / "d", *arguments(server)) as dan:
        cat.enters("cat")
        dan.enters("dan")
        cat.presses("see you at")
        dan.sees("cat:", "writin")  # The last column is drawn by itself.
        cat.types(" fvie")
        dan.sees("cat: see you at fvie")
        cat.types("/edit see you at five")
        dan.sees("-- cat edited #", "“see you at fvie”: see you at five")
        dan.types("/react @cat 👍")
        cat.sees("-- dan put 👍 to #", "of cat “see you at five”")
        dan.types("/unreact @cat 👍")
        cat.sees("-- dan took 👍 back from #")
        dan.types("/reply @cat fine, @cat")
        cat.sees("dan: (to #", "“see you at five”) fine, @cat")
        dan.types("/numbers")
        dan.sees("each message has its number")
        cat.types("one more")
        dan.sees("cat: one more")
        number = re.findall(r"#(\d+) cat: one more", dan.screen)[-1]
        dan.types(f"/reply #{number} what?")
        cat.sees("one more”) what?")
        cat.types("/redact")
        dan.sees(f"-- cat took away #{number}")
        cat.types("/paste")
        cat.sees("paste, . ends it>")
        for line in ("def f():", "    exit", "."):
            cat.types(line)
        dan.sees("cat: def f():", "          exit")
        dan.types("/history 20")
        dan.sees("earlier in lobby")
        dan.types("exit")
        cat.types("exit")
        assert (dan.status(), cat.status()) == (0, 0)


def test_what_concerns_oneself(server: Server, tmp_path: Path) -> None:
    with Typist(tmp_path / "f", *arguments(server)) as fay, Typist(tmp_path / "g", *arguments(server)) as gus:
        fay.enters("fay")
        gus.enters("gus")
        fay.types("/away lunch")
        fay.sees("you are away")
        gus.sees("-- fay is away: lunch")
        gus.types("/whois fay")
        gus.sees("fay", "away: lunch", "comes from", ".ip")
        fay.types("/back")
        gus.sees("-- fay is back")
        gus.types("/profile name Gus of the Gate")
        gus.sees("your profile has changed")
        fay.types("/whois gus")
        fay.sees("Gus of the Gate")
        fay.types("/ignore gus")
        fay.sees("you ignore gus from now on")
        gus.types("can you hear me?")
        gus.sees("gus: can you hear me?")
        fay.types("/unignore gus")
        fay.sees("you do not ignore gus any more")
        assert "gus: can you hear me?" not in fay.screen
        assert "\a" not in fay.screen
        gus.types("and now, @fay?")
        fay.sees("gus: and now, @fay?", "\a")
        fay.types("/notify mentions")
        fay.sees("lobby: you are notified of mentions only")
        fay.types("/unread")
        fay.sees("lobby: ", "unread", "notified of mentions only")
        fay.types("/data pronouns she/her")
        fay.sees("your value pronouns: she/her")
        gus.types("/data @fay")
        gus.sees("pronouns: she/her")
        fay.types("/sessions")
        fay.sees("this one")
        for typist in (fay, gus):
            typist.types("exit")
            assert typist.status() == 0


def test_a_password_is_changed_without_being_seen(server: Server, tmp_path: Path) -> None:
    with Typist(tmp_path / "h", *arguments(server)) as hal:
        hal.enters("hal")
        hal.types("/password")
        for question, answer in (
            ("Your password until now:", "correct horse"),
            ("New password:", "battery staple"),
            ("New password again:", "battery staple"),
        ):
            hal.sees(question)
            hal.types(answer)
        hal.sees("your password is changed")
        assert "battery" not in hal.screen
        hal.types("battery staple")
        hal.sees("it was not said")
        hal.types("exit")
        assert hal.status() == 0
    with Typist(tmp_path / "other", *arguments(server)) as hal:
        hal.sees("Name")
        hal.types("hal")
        hal.sees("Password: ")
        hal.types("battery staple")
        hal.sees("lobby>")
        hal.types("exit")
        assert hal.status() == 0


def test_a_script_changes_a_password_too(server: Server, tmp_path: Path) -> None:
    state = {"BESEDKA_STATE": str(tmp_path / "script")}
    typed = "jon\ncorrect horse\ncorrect horse\n/password\ncorrect horse\nbattery staple\nbattery staple\nhello\n"
    done = besedka("chat", *arguments(server), typed=typed, environment=state)
    assert "your password is changed" in done.stderr
    assert "jon: hello" in done.stdout
    assert "battery" not in done.stdout + done.stderr
    done = besedka("chat", *arguments(server), typed="jon\nbattery staple\nagain\n", environment=state)
    assert "jon: again" in done.stdout


def test_without_a_prompt_a_password_is_not_seen_either(server: Server, tmp_path: Path) -> None:
    with Typist(tmp_path / "k", *arguments(server), "--plain") as kim:
        for question, answer in (("Name", "kim"), ("Password", "correct horse"), ("again", "correct horse")):
            kim.sees(question)
            kim.types(answer)
        kim.sees("you are in lobby")
        kim.types("/password")
        for question, answer in (
            ("until now: ", "correct horse"),
            ("New password: ", "pass 2"),
            ("again: ", "other 2"),
        ):
            kim.sees(question)
            block_until(kim.is_raw)
            kim.types(answer)
        kim.sees("two different passwords")
        kim.types("exit")
        assert kim.status() == 0
        assert "pass 2" not in kim.screen


def test_two_clients_of_one_home_are_two_devices(server: Server, tmp_path: Path) -> None:
    state = tmp_path / "home"
    with Typist(state, *arguments(server)) as one:
        one.enters("ida")
        with Typist(state, *arguments(server), "--name", "ida") as two:
            two.sees("Password: ")
            two.types("correct horse")
            two.sees("lobby>")
            two.types("from the second")
            one.sees("ida: from the second")
            one.types("from the first")
            two.sees("ida: from the first")
            two.types("exit")
            assert two.status() == 0
        with Typist(state, *arguments(server), "--name", "ida") as two:
            two.sees("lobby>")
            assert "Password" not in two.screen
            two.types("exit")
            assert two.status() == 0
        one.types("still here")
        one.sees("ida: still here")
        one.types("exit")
        assert one.status() == 0
