"""The line being typed, kept whole while others' lines come in above it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import DummyHistory
from prompt_toolkit.patch_stdout import patch_stdout

from besedka.client.commands import Confided, Dictation, Ordered, is_leaving, secrets_of
from besedka.client.completing import Known, completions
from besedka.client.surface import Surface
from besedka.client.talking import Queue
from besedka.client.writers import HOLDS_SECONDS
from besedka.words import _


@contextmanager
def prompting(
    surface: Surface, writing: Callable[[], None], known: Callable[[], Known]
) -> Iterator[Callable[[Queue], Coroutine[Any, Any, None]]]:
    """Within it, what is printed goes above the prompt; its value feeds typed lines to a talk.

    A line that was sent is taken off the screen: it appears again when its entry comes, in its place among the others'.
    A paste of several lines is one message. Ctrl-C and Ctrl-D leave. Who else is writing stands at the right of the
    prompt; `writing` is called whenever a message is being written here. Tab goes on with what is `known` then.
    """
    prompt = _Prompt(surface, writing, known)
    with patch_stdout(raw=True):
        yield prompt.feed


class _Completions(Completer):
    """What Tab offers."""

    def __init__(self, known: Callable[[], Known], dictation: Dictation) -> None:
        self._known = known
        self._dictation = dictation

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:  # noqa: ARG002
        """What the word before the cursor can become."""
        word, found = completions(document.text_before_cursor, self._known(), dictated=self._dictation.pasting)
        for one in found:
            yield Completion(one, start_position=-len(word))


class _Prompt:
    """What stands before the cursor, and what is done with the lines typed there."""

    def __init__(self, surface: Surface, writing: Callable[[], None], known: Callable[[], Known]) -> None:
        self._surface = surface
        self._writing = writing
        self._dictation = Dictation()
        self._session: PromptSession[str] = PromptSession(
            message=self._message,
            rprompt=lambda: surface.writing,
            completer=_Completions(known, self._dictation),
            complete_while_typing=False,  # Only at Tab, so that no other key waits for it.
            erase_when_done=True,
            enable_open_in_editor=False,
        )
        self._session.default_buffer.on_text_changed += self._typed

    def _message(self) -> str:
        return _("paste, . ends it> ") if self._dictation.pasting else f"{self._surface.current_label}> "

    def _typed(self, _buffer: object) -> None:
        text = self._session.default_buffer.text
        if text.strip() and (not text.startswith("/") or text.startswith("//")):
            self._writing()

    async def feed(self, queue: Queue) -> None:
        """Put every line into the queue until somebody leaves."""
        refreshing = asyncio.create_task(self._keep_fresh(), name="prompt")
        try:
            with suppress(EOFError, KeyboardInterrupt):
                while True:
                    line = await self._session.prompt_async()
                    meaning = self._dictation.take(line)
                    if is_leaving(meaning):
                        return
                    if isinstance(meaning, Ordered) and (questions := secrets_of(meaning)):
                        await queue.put(Confided(meaning, await self._ask_secrets(questions)))
                    else:
                        await queue.put(line)
        finally:
            refreshing.cancel()

    async def _ask_secrets(self, questions: Sequence[str]) -> tuple[str, ...]:
        """On a prompt of its own, so that no history has the answers."""
        session: PromptSession[str] = PromptSession(history=DummyHistory(), erase_when_done=True)
        return tuple([await session.prompt_async(f"{question}: ", is_password=True) for question in questions])

    async def _keep_fresh(self) -> None:
        """Show at once who begins to write, and no longer than it holds."""
        shown = ""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(HOLDS_SECONDS / 2):
                    await self._surface.wait_until(lambda shown=shown: self._surface.writing != shown)  # type: ignore[misc]
            if self._surface.writing != shown:
                shown = self._surface.writing
                self._session.app.invalidate()
