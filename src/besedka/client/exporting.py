"""Everything the server knows of me, written into a file part by part as it comes."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from besedka.chat.answers import ExportPart
from besedka.chat.entries import RequestId
from besedka.chat.own_requests import Export
from besedka.chat.refusals import Refusal
from besedka.chat.text import harmless_line
from besedka.client.core import Core
from besedka.client.events import Phase
from besedka.words import _


class Exports:
    """One export at a time. Until it is whole its file has another name, and it never takes the place of a file."""

    def __init__(self, core: Core, say: Callable[[str], None]) -> None:
        """`say` tells whoever asked for it how it went."""
        self._core = core
        self._say = say
        self._path = Path()
        self._asked: RequestId | Refusal | None = None

    @property
    def under_way(self) -> bool:
        """Whether more of it is still to come: not where the server would not, or the connection was lost."""
        return self._asked is not None and not isinstance(self._asked, Refusal) and self._core.awaits(self._asked)

    @property
    def _unfinished(self) -> Path:
        return self._path.with_name(f"{self._path.name}.unfinished")

    def begin(self, path: Path) -> RequestId | Refusal | None:
        """Ask for all of it; None where there can be no such file, or one is being written, which is said."""
        if self.under_way:
            self._say(_("An export is being written already."))
            return None
        self._path = path
        try:
            self._path = path.expanduser()
            if os.path.lexists(self._path):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
            self._unfinished.unlink(missing_ok=True)
            os.close(os.open(self._unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except (OSError, ValueError, RuntimeError) as error:  # The last two where it is no name, or nobody's home.
            self._say_why(error)
            return None
        self._asked = self._core.ask(Export())
        return self._asked

    def take(self, answer: object) -> None:
        """An answer has come; parts are written, and the next one is asked for. Anything else is not this module's."""
        if not isinstance(answer, ExportPart) or self._asked is None:
            return
        self._asked = None
        try:
            with self._unfinished.open("ab") as file:
                file.write(answer.text.encode())
                if not answer.next:
                    file.flush()
                    os.fsync(file.fileno())
            if not answer.next:
                self._name()
        except OSError as error:
            self._fail(error)
            return
        if not answer.next:
            self._say(_("what is known of you is in {file}").format(file=harmless_line(str(self._path))))
        elif self._core.phase is Phase.IN:
            self._asked = self._core.ask(Export(after=answer.next))

    def _name(self) -> None:
        """Give it its name, unless that is taken by now. Raises OSError."""
        try:
            os.link(self._unfinished, self._path)  # It fails where there is a file; to rename would not.
        except FileExistsError:
            raise
        except OSError:  # A file system without links, as on memory sticks and telephones.
            if os.path.lexists(self._path):
                raise
            self._unfinished.rename(self._path)
        else:
            self._unfinished.unlink()

    def _say_why(self, error: Exception) -> None:
        why = error.strerror if isinstance(error, OSError) else _("no file can be called so")
        self._say(_("{file} cannot be written: {why}").format(file=harmless_line(str(self._path)), why=why))

    def _fail(self, error: OSError) -> None:
        self._say_why(error)
        with suppress(OSError):
            self._unfinished.unlink(missing_ok=True)
