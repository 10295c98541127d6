"""What edits and redactions make of what is kept: of all that a message ever said, its last words remain, or none."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from a_room import ANN, BOB, CARL, NOW, said
from besedka.chat.entries import Body, Edited, Entry, Manner, Message, Person, Redacted
from besedka.chat.mending import Rewrite, as_read, rewrites
from besedka.chat.mending import mended as as_it_is_by_now

WHOLE = Message(
    "hi @room, @carl", Manner.DONE, 3, (CARL.principal,), True, breaks=(2,), tags=(("+example/colour", "red"),)
)


def mended(at: int, body: Body, target: Entry, author: Person = BOB) -> tuple[Rewrite, ...]:
    return rewrites(Entry(at, NOW, author.principal, author.name, body), target)


def test_an_edit_changes_the_words_and_what_depends_on_them() -> None:
    target = msgspec.structs.replace(said(5), body=WHOLE)
    (rewrite,) = mended(8, Edited(5, "hi all", (ANN.principal,)), target)
    assert rewrite == Rewrite(5, Message("hi all", Manner.DONE, 3, (ANN.principal,), False, tags=WHOLE.tags, edited=8))


def test_an_edit_that_still_calls_everybody_does_and_one_that_begins_to_does_not() -> None:
    target = msgspec.structs.replace(said(5), body=WHOLE)
    (still,) = mended(8, Edited(5, "tea, @room"), target)
    (begins,) = mended(8, Edited(5, "tea, @room"), said(5))
    assert isinstance(still.body, Message)
    assert isinstance(begins.body, Message)
    assert (still.body.calls_room, begins.body.calls_room) == (True, False)


def test_a_redaction_leaves_a_mark_and_nothing_that_was_said() -> None:
    target = msgspec.structs.replace(said(5), body=WHOLE)
    (rewrite,) = mended(8, Redacted(5, BOB), target)
    assert rewrite == Rewrite(5, Message("", Manner.DONE, 3, redacted=8))


@given(st.lists(st.sampled_from(["one", "two", "three"]), max_size=5), st.booleans())
def test_only_the_last_edit_holds_words_and_none_does_after_a_redaction(texts: list[str], redacted: bool) -> None:
    log: list[Entry] = [said(1, "first")]
    bodies: list[Body] = [Edited(1, text) for text in texts]
    for body in [*bodies, *([Redacted(1, BOB)] if redacted else [])]:
        log.append(Entry(len(log) + 1, NOW, BOB.principal, BOB.name, body))
        for rewrite in rewrites(log[-1], log[0]):
            log[rewrite.number - 1] = msgspec.structs.replace(log[rewrite.number - 1], body=rewrite.body)
    words = [entry.body.text for entry in log if isinstance(entry.body, Message | Edited) and entry.body.text]
    last = ["first", *texts][-1]
    assert words == ([] if redacted else [last] * (2 if texts else 1))
    message = log[0].body
    assert isinstance(message, Message)
    assert (message.edited, message.redacted) == (len(texts) + 1 if texts else 0, len(log) if redacted else 0)


def test_whoever_left_before_an_edit_reads_neither_what_it_says_nor_what_was_there() -> None:
    edited = msgspec.structs.replace(said(5), body=msgspec.structs.replace(WHOLE, edited=8))
    assert as_read(edited, 7) == msgspec.structs.replace(edited, body=Message("", Manner.DONE, 3))
    assert as_read(edited, 8) == as_read(edited, None) == edited
    mark = msgspec.structs.replace(said(5), body=Message("", Manner.DONE, 3, edited=8, redacted=9))
    assert as_read(mark, 7) == msgspec.structs.replace(mark, body=Message("", Manner.DONE, 3, redacted=9))
    assert as_read(Entry(5, NOW, BOB.principal, BOB.name, Edited(4, "hi")), 5).body == Edited(4, "hi")


def by(number: int, body: Body) -> Entry:
    return Entry(number, NOW, BOB.principal, BOB.name, body)


def test_what_was_read_before_it_was_mended_is_told_as_it_is_by_now() -> None:
    read = [said(5), said(6), by(7, Edited(4, "before"))]
    since = [by(8, Edited(5, "after")), by(9, Redacted(6, CARL)), by(10, Edited(4, "again")), said(11)]
    told = as_it_is_by_now(read, since)
    bodies = [entry.body for entry in told]
    assert [entry.number for entry in told] == [5, 6, 7]
    assert isinstance(bodies[0], Message)
    assert (bodies[0].text, bodies[0].edited) == ("after", 8)
    assert bodies[1] == Message("", Manner.SAID, redacted=9)
    assert bodies[2] == Edited(4, "")


def test_what_was_read_after_it_was_mended_is_told_as_it_was_read() -> None:
    edit = by(8, Edited(5, "after"))
    read = [msgspec.structs.replace(said(5), body=rewrites(edit, said(5))[0].body), edit]
    assert as_it_is_by_now(read, [edit]) == read
