"""Images as PyTorch has them: channels before rows and columns, in memory as the environment says."""

from __future__ import annotations

import os
from typing import Any

import torch
from torch.nn import functional

from reference.errors import require_pair

#: "channels_last", or anything else for PyTorch's default.
MEMORY_FORMAT = "CONFORMANCE_TORCH_MEMORY_FORMAT"


def channels_first(images: Any) -> Any:
    """[N, H, W, C] to [N, C, H, W]."""
    last = os.environ.get(MEMORY_FORMAT) == "channels_last"
    return images.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last if last else torch.contiguous_format)


def channels_last(images: Any) -> Any:
    """[N, C, H, W] to [N, H, W, C]."""
    return images.permute(0, 2, 3, 1)


def padded(images: Any, window: Any, strides: Any, padding: str, value: float = 0.0) -> Any:
    """Images [N, C, H, W] with the padding that "same" means; PyTorch has its own word for it at stride 1 only."""
    if padding == "valid":
        return images
    if padding != "same":
        raise ValueError(f"padding: {padding!r}")
    around: list[int] = []
    columns_first = (require_pair(name, size)[::-1] for name, size in (("window", window), ("strides", strides)))
    for length, extent, step in zip(images.shape[:1:-1], *columns_first, strict=True):
        missing = max((-(-length // step) - 1) * step + extent - length, 0)
        around += [missing // 2, missing - missing // 2]
    return functional.pad(images, around, value=value)
