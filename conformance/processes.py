"""Starting the suite's processes, and ending them for certain."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

from conformance.channel import pair

#: The folder that this package lies in.
ROOT = Path(__file__).resolve().parent.parent
#: The most of a process's own output that is told.
LAST_WORDS = 3000


class Process:
    """One of the suite's processes: the connection to it, what it printed, and its end.

    It gets a session of its own, so that all that it forks ends with it, and Ctrl-C reaches the runner alone. While it
    lives it watches a lifeline, whose other end is held here: whatever becomes of us, it ends.
    """

    def __init__(self, module: str, *arguments: str) -> None:
        self._log = tempfile.TemporaryFile("w+b")  # noqa: SIM115  (open as long as the process lives)
        self.channel, theirs = pair()
        lifeline, self._lifeline = os.pipe()
        command = [sys.executable, "-P", "-m", module, str(theirs.fileno()), str(lifeline), *arguments]
        self._process = subprocess.Popen(
            command,
            pass_fds=[theirs.fileno(), lifeline],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            env=_environment(),
            start_new_session=True,
        )
        theirs.close()
        os.close(lifeline)

    def end(self) -> None:
        """End the process and all that it forked, at once."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._lifeline)
        self.channel.close()
        self._log.close()

    def ask_where_it_is(self) -> None:
        """Let a process that doesn't answer print where it is, if it can."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGUSR1)
        time.sleep(0.2)

    def how_it_ended(self) -> str:
        """In words."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = self._process.wait(timeout=0.5)
            if code >= 0:
                return f"the process ended with exit status {code}"
            name = signal.Signals(-code).name
            return f"the process was ended by {name}{', perhaps for its memory' if name == 'SIGKILL' else ''}"
        return "the process lives, and doesn't speak as it should"

    def written(self) -> int:
        """How many bytes it has printed so far."""
        return os.fstat(self._log.fileno()).st_size

    def output(self, start: int = 0) -> str:
        """What it printed since then, the end of it if that is much."""
        end = self.written()
        self._log.seek(max(start, end - LAST_WORDS))
        return self._log.read(LAST_WORDS).decode(errors="replace").strip()


def _environment() -> dict[str, str]:
    """Our own, in which a source tree's packages are found first, as they are here."""
    if str(ROOT) in (sysconfig.get_path("purelib"), sysconfig.get_path("platlib")):
        return dict(os.environ)
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
