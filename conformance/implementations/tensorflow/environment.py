"""What of this machine decides which code TensorFlow runs."""

from __future__ import annotations

import os
from pathlib import Path

from tensorflow.python.util import _pywrap_util_port

#: oneDNN's names of what it may use, those without AVX-512.
WITHOUT_AVX512 = ("SSE41", "AVX", "AVX2", "AVX2_VNNI", "AVX2_VNNI_2")

#: Whether TensorFlow hands float32 to oneDNN. Left alone it does so on processors with instructions for neural
#: networks (AVX512_VNNI, AVX_VNNI, AMX), and TF_ENABLE_ONEDNN_OPTS decides otherwise; so TensorFlow itself is asked.
ONEDNN: bool = _pywrap_util_port.IsMklEnabled()


def _has_avx512() -> bool:
    information = Path("/proc/cpuinfo")
    return information.is_file() and "avx512f" in information.read_text(encoding="utf-8", errors="replace")


#: Whether oneDNN may use AVX-512.
AVX512 = _has_avx512() and os.environ.get("ONEDNN_MAX_CPU_ISA", "").upper() not in WITHOUT_AVX512

#: In which dtypes an operation is TensorFlow's own, by Eigen, if oneDNN has one for float32.
EIGEN_DTYPES = ("float64",) if ONEDNN else ("float32", "float64")

WITH_ONEDNN = "with oneDNN, the default on processors with AVX512_VNNI, AVX_VNNI or AMX"
