"""Which threads the kernels share their work among."""

import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROGRAM = """
import fast.cpu, numba, numpy, os
fast.cpu.relu(numpy.ones(1 << 20, "float32"))
print(numba.threading_layer(), os.environ.get("OMP_WAIT_POLICY"))
"""


def layer_of(program, **environment):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NUMBA_NUM_THREADS": "2", **environment}
    return subprocess.run([sys.executable, "-c", program], capture_output=True, env=environment, check=True, text=True)


def has_tbb():
    return any(distribution.name == "tbb" for distribution in metadata.distributions())


@pytest.mark.skipif(not has_tbb(), reason="TBB is not made for this processor")
def test_tbb_is_found_where_its_package_puts_it():
    assert layer_of(PROGRAM).stdout.split() == ["tbb", "None"]


def test_without_tbb_openmps_threads_wait_asleep():
    missing = "import importlib.metadata as m\ndef none(name): raise m.PackageNotFoundError\nm.files = none\n"
    layer, policy = layer_of(missing + PROGRAM).stdout.split()
    assert (layer in ("omp", "workqueue"), policy) == (True, "PASSIVE")
