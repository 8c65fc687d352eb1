"""Implementations of `relu` that do what no implementation should, to themselves, to their process, or to the suite."""

from __future__ import annotations

import textwrap
from pathlib import Path

#: What every module begins with. A module's own lines stand in the place where the result is made, or at its end.
BEGINNING = """\
import os, sys
import numpy as np

def right(z):
    if not isinstance(z, np.ndarray) or z.dtype.kind != "f" or z.size == 0 or z.ndim == 0:
        raise ValueError("z: wanted an array of floats")
    return np.maximum(z, 0)
"""

#: What a function does, and what is to be seen of it in the end: a verdict, and what the worst check's status is.
IN_THE_CALL: dict[str, tuple[str, str, str]] = {
    "is right": ("return right(z)", "conforms", ""),
    "aborts": ("os.abort()", "fails", "crashed"),
    "aborts on NaN": ("return os.abort() if np.isnan(right(z)).any() else right(z)", "fails", "crashed"),
    "segfaults": ("import ctypes; ctypes.string_at(1)", "fails", "crashed"),
    "kills its process": ("os.kill(os.getpid(), 9)", "fails", "crashed"),
    "exits at once": ("os._exit(0)", "fails", "crashed"),
    "exits politely": ("sys.exit(0)", "fails", "failed"),
    "raises GeneratorExit": ("raise GeneratorExit", "fails", "failed"),
    "raises KeyboardInterrupt": ("raise KeyboardInterrupt", "fails", "failed"),
    "never comes back": ("while True: pass", "fails", "timed out"),
    "sleeps and ignores signals": (
        "import signal, time; signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64)); time.sleep(1e6)",
        "fails",
        "timed out",
    ),
    "runs out of memory": ("return np.ones(1 << 40)", "fails", "out of memory"),
    "recurses for ever": ("return relu(z)", "fails", "failed"),
    "forks, and both come back": ("os.fork(); return right(z)", "conforms", ""),
    "forks a child that stays": (
        "import time\nif os.fork() == 0: time.sleep(1e6)\nreturn right(z)",
        "conforms",
        "",
    ),
    "writes rubbish to every descriptor": (
        "for fd in range(3, 30):\n    try: os.write(fd, b'rubbish' * 9)\n    except OSError: pass\nreturn right(z)",
        "fails",
        "crashed",
    ),
    "closes every descriptor": ("os.closerange(0, 99); return right(z)", "fails", "crashed"),
    "speaks the protocol": (
        """from conformance.channel import Channel; import socket
for fd in range(3, 30):
    try: Channel(socket.socket(fileno=os.dup(fd))).send([{'result': 0.0}])
    except OSError: pass
return right(z)""",
        "fails",
        "crashed",
    ),
    "patches the suite": (
        "import conformance.comparison, conformance.calls\nconformance.comparison.compare = lambda *a: None\nreturn z",
        "fails",
        "failed",
    ),
    "returns nothing": ("right(z)", "fails", "failed"),
    "returns a text": ("return 'relu'", "fails", "failed"),
    "returns objects": ("return np.array([object()])", "fails", "failed"),
    "returns complex numbers": ("return right(z) + 0j", "fails", "failed"),
    "returns itself inside itself": ("found = []; found.append(found); return found", "fails", "failed"),
    "raises a lone surrogate": ("raise ValueError('\\ud800 \\x00 \\x1b[31m')", "fails", "failed"),
    "raises 60 kB": ("raise ValueError('x' * 60000)", "fails", "failed"),
    "prints a megabyte": ("print('x' * 1000000); return right(z)", "conforms", ""),
    "leaves the folder": ("os.chdir('/'); return right(z)", "conforms", ""),
    "unloads every module": ("result = right(z); sys.modules.clear(); return result", "fails", ""),
    "writes to its input": ("right(z); z[...] = 0; return z", "fails", "failed"),
}

#: What a module does when it is imported, and what is told of it.
AT_IMPORT: dict[str, tuple[str, str]] = {
    "can't be imported": ("import no_such_module_anywhere", "no_such_module_anywhere"),
    "ends when it is imported": ("os._exit(3)", "exit status 3"),
    "leaves politely when it is imported": ("sys.exit()", "SystemExit"),
    "never ends its import": ("while True: pass", "no end of its import"),
    "skips in a list": ("SKIPPED = ['relu']", "SKIPPED: wanted a dict; got list"),
    "describes itself in numbers": ("DESCRIPTION = 7", "DESCRIPTION: wanted a str; got int"),
    "claims what nobody knows": ("PROFILE = {'float32': {'luck': 1}}", "luck"),
    "lists checks as deviations": ("KNOWN_DEVIATIONS = {('relu', ''): 'works on my machine'}", "KNOWN_DEVIATIONS"),
    "deviates in what is no operation": (
        """KNOWN_DEVIATIONS = [dict(operation='rely', reason='r', severity='manners', calls=lambda z: True,
                         smallest={}, instead='i', since='1')]""",
        "rely, of which it says something, is no operation",
    ),
}


def write_modules(folder: Path) -> dict[str, str]:
    """Write every module into a folder; returns the path of each by what it does."""
    paths = {}
    for name, (body, *_) in {**IN_THE_CALL, **AT_IMPORT}.items():
        path = folder / f"{name.replace(' ', '_').replace(',', '').replace(chr(39), '')}.py"
        in_call = name in IN_THE_CALL
        relu = f"def relu(z):\n{textwrap.indent(body if in_call else 'return right(z)', '    ')}\n"
        path.write_text(f"{BEGINNING}\n{relu}\n{'' if in_call else body}\n", "utf-8")
        paths[name] = str(path)
    return paths
