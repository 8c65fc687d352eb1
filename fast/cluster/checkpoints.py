"""Checkpoints: a file that holds all variables and how many steps were done, and is never half written.

It is written under another name beside the old one, brought to the disk, and only then renamed: whoever dies on the
way, and whenever, the name stands for a whole checkpoint, the old one or the new one.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from reference.errors import InvalidArgument

#: What the reader of an archive raises if a byte of it isn't what it was, or if it is none.
SPOILED = (zipfile.BadZipFile, ValueError, KeyError, EOFError, OSError, NotImplementedError, TypeError)


class Checkpoint(NamedTuple):
    """How many steps were done, and what the variables held then; one that isn't there holds what it begins with."""

    step: int
    variables: Mapping[str, np.ndarray]


def save_checkpoint(checkpoint: Checkpoint, path: Path) -> None:
    """Write a checkpoint to a file, which is the old one or the new one at any moment."""
    names = list(checkpoint.variables)
    arrays = {f"variable_{place}": checkpoint.variables[name] for place, name in enumerate(names)}
    # Always the same other name: what somebody left who died on the way is written over.
    fresh = path.with_name(f"{path.name}.new")
    with open(fresh, "wb") as file:
        np.savez(file, step=np.int64(checkpoint.step), names=np.array(names, dtype=np.str_), **arrays)
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, path)


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises: InvalidArgument, if the file isn't a whole checkpoint.
    """
    # NumPy leaves a file open that it opened, if there is no archive in it.
    with open(path, "rb") as file:
        try:
            with np.load(file, allow_pickle=False) as found:
                names = found["names"].tolist()
                variables = {name: found[f"variable_{place}"] for place, name in enumerate(names)}
                return Checkpoint(int(found["step"]), variables)
        except SPOILED as error:
            raise InvalidArgument("path", "a whole checkpoint", f"{path.name}, which is none ({error})") from None
