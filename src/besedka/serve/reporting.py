"""Errors that nobody catches: each is in the log, and none is a traceback on the terminal."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from typing import Any

from besedka.admin.console import Screen
from besedka.admin.deeds import Said
from besedka.admin.journal import LibraryLog, ServerLog


def report_faults(loop: asyncio.AbstractEventLoop, *, log: ServerLog, screen: Screen) -> None:
    """From now on, of the loop, of threads, of finalizers and of libraries. The operator sees internal errors too."""

    def loop_fault(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if error is None:
            log.note("loop fault")
        else:
            log.fault("loop fault", error)

    def thread_fault(fault: threading.ExceptHookArgs) -> None:
        if fault.exc_value is not None:
            log.fault("thread fault", fault.exc_value)

    def unraisable_fault(fault: sys.UnraisableHookArgs) -> None:
        if fault.exc_value is not None:
            log.fault("unraisable fault", fault.exc_value)

    loop.set_exception_handler(loop_fault)
    threading.excepthook = thread_fault
    sys.unraisablehook = unraisable_fault
    logging.getLogger().addHandler(LibraryLog(log))
    log.on_fault = lambda line: screen.show(Said(line, fault=True))
