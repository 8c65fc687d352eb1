"""Compiled code on disk: not spoilt by processes that fill it at the same time, and never older than its sources."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from numba import types
from numba.core.dispatcher import Dispatcher

import fast.cpu as cpu
from fast.cpu import compilation
from tests.fast.drawn import drawn_calls, functions_of, rooms_of

# Without a lock, both choose the same file for their code: the pauses see to that. The index of the second then names
# the file for its own dtype, and the first one's code is in it.
FILL = """
import sys, time
import numpy as np
from numba.core.caching import IndexDataCacheFile

dtype, before_index, before_code = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])

def late(method, seconds):
    def call(*arguments):
        time.sleep(seconds)
        method(*arguments)
    return call

IndexDataCacheFile._save_index = late(IndexDataCacheFile._save_index, before_index)
IndexDataCacheFile._save_data = late(IndexDataCacheFile._save_data, before_code)
from fast.cpu import relu
relu(np.array([-1.5, 2.5], dtype))
"""

READ = """
import sys
import numpy as np
from fast.cpu import activations
for dtype in ("float32", "float64"):
    got = activations.relu(np.array([-1.5, 2.5, 3.25], dtype))
    assert got.tolist() == [0, 2.5, 3.25], (dtype, got)
hits = sum(activations.relu_loop.stats.cache_hits.values())
assert hits == 2, f"wanted both dtypes from the disk; got {hits} of them"
"""


def test_two_processes_may_fill_the_cache_together(tmp_path):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    pauses = {"float32": ("1", "3"), "float64": ("2", "0")}
    filling = [
        subprocess.Popen([sys.executable, "-c", FILL, dtype, *seconds], env=environment)
        for dtype, seconds in pauses.items()
    ]
    assert [process.wait() for process in filling] == [0, 0]
    reading = subprocess.run([sys.executable, "-c", READ], env=environment, capture_output=True, text=True)
    assert reading.returncode == 0, reading.stderr


HELPER = """
from package.compilation import compiled
@compiled()
def constant():
    return {value}
"""

CALLERS = """
from numba import types
from package.compilation import compiled, compiled_callback
from package.helper import constant
@compiled()
def function():
    return constant()
def callback_body():
    return constant()
callback = compiled_callback(types.intp(), callback_body)
print(function(), callback.ctypes(), sum(function.stats.cache_hits.values()), callback.cache_hits)
"""


def run_callers(folder, value):
    """What a function and a callback return that call a helper, in a new process; and how often the disk was read."""
    (folder / "package" / "helper.py").write_text(HELPER.format(value=value))
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(folder / "cache"), "PYTHONPATH": str(folder)}
    command = [sys.executable, "-c", "import package.callers"]
    finished = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.split()


def test_a_change_in_what_a_function_calls_makes_its_code_stale(tmp_path):
    package = tmp_path / "package"
    package.mkdir()
    (package / "compilation.py").write_text(Path(compilation.__file__).read_text())
    (package / "callers.py").write_text(CALLERS)
    assert run_callers(tmp_path, 1) == ["1", "1", "0", "0"]
    assert run_callers(tmp_path, 1) == ["1", "1", "1", "1"]
    assert run_callers(tmp_path, 2) == ["2", "2", "0", "0"]


NESTED = """
import sys
import numpy as np
from numba import prange
from fast.cpu.compilation import compiled

@compiled(parallel=True)
def inner(values):
    for i in prange(values.size):
        values[i] += 1

@compiled()
def outer(values):
    inner(values)

values = np.zeros(3)
{"inner": inner, "outer": outer}[sys.argv[1]](values)
print(values.sum())
"""


def test_what_calls_a_loaded_function_with_threads_is_loaded_with_them(tmp_path):
    """Each in a process of its own: the inner one compiled, the outer one around it, and the outer one loaded."""
    program = tmp_path / "nested.py"
    program.write_text(NESTED)
    environment = {
        **os.environ,
        "NUMBA_CACHE_DIR": str(tmp_path / "cache"),
        "PYTHONPATH": str(Path(__file__).parents[3]),
    }
    for name in ("inner", "outer", "outer"):
        command = [sys.executable, program, name]
        finished = subprocess.run(command, capture_output=True, env=environment, text=True)
        assert (finished.returncode, finished.stdout) == (0, "3.0\n"), finished.stderr


def arrays_in(kind):
    """Whether values of a type hold arrays."""
    return isinstance(kind, types.Array) or (isinstance(kind, types.BaseTuple) and any(map(arrays_in, kind.types)))


def test_leaves_return_no_arrays():
    # A caller takes what is returned for its own, and what nobody has counted would be freed under its owner.
    for name in functions_of(cpu):
        drawn_calls(cpu, name, np.float32)[0].run()
    kernels = [kernel for room in rooms_of(cpu) for kernel in vars(room).values() if isinstance(kernel, Dispatcher)]
    leaves = {kernel for kernel in kernels if kernel.targetoptions.get("_nrt") is False}
    returned = {
        kernel.py_func.__name__: [each.signature.return_type for each in kernel.overloads.values()] for kernel in leaves
    }
    assert sum(map(len, returned.values())) > 50
    assert not [name for name, kinds in returned.items() if any(map(arrays_in, kinds))]
