"""The one table of refusals."""

from __future__ import annotations

import re

import pytest

from besedka.chat.refusals import N_, SENTENCES, Code, Refusal


@pytest.mark.parametrize("code", Code)
def test_every_code_has_a_sentence(code: Code) -> None:
    assert re.fullmatch(r"[A-Z].*\.", Refusal(code).sentence)
    assert Refusal(code).sentence == SENTENCES[code]


@pytest.mark.parametrize("code", Code)
def test_a_code_on_the_wire_is_its_name(code: Code) -> None:
    assert code.value == code.name.lower().replace("_", "-")


def test_no_sentence_stands_for_two_codes() -> None:
    assert len(set(SENTENCES.values())) == len(Code)


def test_marking_a_sentence_leaves_it_as_it_is() -> None:
    assert N_("As it is.") == "As it is."
