"""The index finds what comparing every message would find, whatever was said, mended and indexed in which order."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from running import OnLoop
from searched import QUERIES, ROOMS, SCOPES, made_small, play

DEEDS = st.one_of(
    st.tuples(st.just("say"), st.sampled_from(ROOMS), st.integers(0, 99)),
    st.tuples(st.just("say"), st.sampled_from(ROOMS), st.integers(0, 99)),
    st.tuples(st.just("edit"), st.sampled_from(ROOMS), st.integers(0, 99)),
    st.tuples(st.just("redact"), st.sampled_from(ROOMS), st.integers(0, 99)),
    st.tuples(st.just("index"), st.integers(1, 4), st.just(0)),
    st.tuples(st.just("index"), st.integers(1, 40), st.just(1)),
    st.tuples(st.just("restart"), st.just(0), st.just(0)),
    st.tuples(st.just("lose"), st.just(0), st.just(0)),
    st.tuples(st.just("search"), st.integers(0, len(QUERIES) - 1), st.integers(0, len(SCOPES) - 1)),
)


@pytest.fixture(scope="module", autouse=True)
def small() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        made_small(patch)
        yield


@pytest.fixture(scope="module")
def run() -> Iterator[OnLoop]:
    with asyncio.Runner() as runner:
        yield OnLoop(runner)


@given(deeds=st.lists(DEEDS, max_size=40))
@settings(max_examples=15)
def test_the_index_finds_what_comparing_finds(run: OnLoop, deeds: list[tuple[str, int, int]]) -> None:
    play(run, deeds)


@pytest.mark.slow
@given(deeds=st.lists(DEEDS, min_size=20, max_size=80))
@settings(max_examples=60)
def test_the_index_finds_what_comparing_finds_at_length(run: OnLoop, deeds: list[tuple[str, int, int]]) -> None:
    play(run, deeds)
