"""Vector registers of other widths than this machine's: kernels for narrow ones run, for wide ones they compile."""

import json
import os
import pickle
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numba.core.dispatcher import Dispatcher

import fast.cpu as cpu
from tests.fast.drawn import drawn_calls, functions_of, rooms_of

HERE, ROOT = Path(__file__).parent, Path(__file__).parents[3]
AVX512 = {"NUMBA_CPU_NAME": "x86-64-v4", "NUMBA_CPU_FEATURES": "+avx512f,+avx512bw,+avx512dq,+avx512vl"}

pytestmark = pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="names x86's instructions")


def run_for(processor, program, given=b""):
    """Run a program in whose process Numba compiles for some processor."""
    environment = {**os.environ, **processor, "PYTHONPATH": str(ROOT)}
    finished = subprocess.run([sys.executable, HERE / program], input=given, capture_output=True, env=environment)
    assert finished.returncode == 0, finished.stderr.decode()
    return finished.stdout.decode()


def test_kernels_for_narrow_vectors_conform():
    vector_bytes, compared = json.loads(run_for(cpu.VARIANTS["sse2"], "run_drawn_calls.py"))
    assert vector_bytes == 16
    assert compared.keys() == functions_of(cpu).keys()
    assert all(compared.values())


def test_kernels_for_wide_vectors_compile():
    for name in functions_of(cpu):
        drawn_calls(cpu, name, np.float32)[0].run()
    compiled = [
        (kernel.__module__, name, types)
        for room in rooms_of(cpu)
        for name, kernel in vars(room).items()
        if isinstance(kernel, Dispatcher) and kernel.__module__ == room.__name__
        for types in kernel.signatures
    ]
    assert {room for room, _, _ in compiled} > {cpu.linear.__name__, cpu.convolution.__name__, cpu.pooling.__name__}
    assembly = run_for(AVX512, "compile_kernels.py", pickle.dumps(compiled))
    # The tile's work: products added to sums in registers of 512 bits.
    assert any("vfmadd" in line and "zmm" in line for line in assembly.splitlines())
