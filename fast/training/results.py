"""What training leaves: a network's numbers, how they came about, and all that it takes to go on.

A result is one file. It is written beside its place and then put there in one step, so that whoever reads finds the
old one or the new one whole; and it holds a digest of itself, so that one that was changed since is refused.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from fast.training.networks import NETWORKS, count_parameters
from fast.training.plan import Plan
from reference.errors import InvalidArgument

#: Changed with what a file holds.
FORMAT = 1
VECTORS = ("numbers", "first_moment", "second_moment", "best_numbers")


class Epoch(NamedTuple):
    """What is said of an epoch: the rate at its end, the mean training loss, and how the validation examples went."""

    learning_rate: float
    training_loss: float
    validation_loss: float
    validation_error: float
    seconds: float


class Result(NamedTuple):
    """The state after some epochs. `best_numbers` are those of the epoch with the lowest validation loss.

    `numbers` are a network's parameters in one vector, as `networks.parameters_in` reads them; the moments are Adam's.
    """

    network: str
    plan: Plan
    epochs: tuple[Epoch, ...]
    numbers: np.ndarray
    first_moment: np.ndarray
    second_moment: np.ndarray
    best_numbers: np.ndarray

    @property
    def best_epoch(self) -> int:
        """The number of the epoch whose validation loss is the lowest, from 1; the first one of equals."""
        return 1 + min(range(len(self.epochs)), key=lambda place: self.epochs[place].validation_loss)


def save_result(result: Result, path: str | os.PathLike[str]) -> None:
    """Write a result to a file, whole or not at all.

    Args: result; path, of the file, whose folder exists.
    Raises: OSError if it can't be written; what was there before is then still there.
    """
    path, content = Path(path), io.BytesIO()
    said = {"format": FORMAT, "network": result.network, "plan": result.plan._asdict(), "epochs": result.epochs}
    vectors = {name: getattr(result, name) for name in VECTORS}
    said["digest"] = _digest(said, vectors)
    np.savez(content, said=np.array(json.dumps(said)), **vectors)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content.getbuffer())
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def load_result(path: str | os.PathLike[str]) -> Result:
    """Read a result that `save_result` has written.

    Args: path, of the file.
    Returns: Result.
    Raises: InvalidArgument if the file is none, or was changed since it was written; OSError if it can't be read.
    """
    path = Path(path)
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as content:
            said: dict[str, Any] = json.loads(str(content["said"]))
            vectors = {name: content[name] for name in VECTORS}
        digest, plan = said.pop("digest"), Plan(**said["plan"])
        epochs = tuple(Epoch(*epoch) for epoch in said["epochs"])
    except (ValueError, KeyError, TypeError, AttributeError, EOFError, zipfile.BadZipFile) as error:
        raise InvalidArgument(path.name, "a result of training", f"{type(error).__name__}: {error}") from None
    if said["format"] != FORMAT or digest != _digest(said, vectors):
        raise InvalidArgument(path.name, "a result as it was written", "a file that was changed since")
    wanted = (count_parameters(NETWORKS[said["network"]]),)
    if any(vector.shape != wanted or vector.dtype != np.float32 for vector in vectors.values()):
        raise InvalidArgument(path.name, f"vectors of {wanted[0]} numbers", "others")
    return Result(said["network"], plan, epochs, **vectors)


def _digest(said: dict[str, Any], vectors: dict[str, np.ndarray]) -> str:
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode())
    for name in VECTORS:
        digest.update(np.ascontiguousarray(vectors[name]).tobytes())
    return digest.hexdigest()
