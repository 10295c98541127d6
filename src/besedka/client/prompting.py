"""The line being typed, kept whole while others' lines come in above it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from prompt_toolkit import PromptSession
from prompt_toolkit.patch_stdout import patch_stdout

from besedka.client.surface import Surface
from besedka.client.talking import Queue, is_leaving


@contextmanager
def prompting(surface: Surface) -> Iterator[Callable[[Queue], Coroutine[Any, Any, None]]]:
    """Within it, what is printed goes above the prompt; its value feeds typed lines to a talk.

    A line that was sent is taken off the screen: it appears again when its entry comes, in its place among the others'.
    A paste of several lines is one message. Ctrl-C and Ctrl-D leave.
    """
    session: PromptSession[str] = PromptSession(
        message=lambda: f"{surface.current_label}> ", erase_when_done=True, enable_open_in_editor=False
    )

    async def feed(queue: Queue) -> None:
        leaving = False
        while not leaving:
            try:
                line = await session.prompt_async()
            except (EOFError, KeyboardInterrupt):
                break
            leaving = is_leaving(line)
            if not leaving:
                await queue.put(line)

    with patch_stdout(raw=True):
        yield feed
