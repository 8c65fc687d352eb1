"""Event files: what TensorBoard shows of a run, written with the protocol buffers of the package `tensorboard`.

That package is an extra, and imported when a file is opened; TensorFlow is needed neither to write nor to read. A file
is a row of records, each an event: a graph, or what was measured at a step.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace, TracebackType
from typing import Any

import numpy as np

from fast.training.networks import NETWORKS, parameters_in
from fast.training.results import Result
from reference.errors import InvalidArgument

#: What TensorBoard knows how to draw, by another name.
KNOWN_THERE = {"placeholder": "Placeholder", "constant": "Const", "variable": "VariableV2"}
#: Longer attributes, such as what a variable begins with, are not for reading.
LONGEST = 200


class EventFile:
    """A new event file in a folder; a `with` statement closes it.

    Args: folder, which is made if it isn't there; TensorBoard takes all event files in it for one run.
    Raises: InvalidArgument if the package `tensorboard` isn't installed; OSError if the file can't be written.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._made = _tensorboard()
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        # The time first: TensorBoard reads files in the order of their names.
        self.path = folder / f"events.out.tfevents.{time.time_ns():020d}.{socket.gethostname()}.{os.getpid()}"
        self._records = self._made.RecordWriter(self.path.open("xb"))
        self._write(file_version="brain.Event:2")

    def __enter__(self) -> EventFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Write what is left, and close the file."""
        self._records.close()

    def add_graph(
        self, operations: Sequence[Mapping[str, Any]], shapes: Mapping[str, Sequence[Sequence[int]]] | None = None
    ) -> None:
        """Add a computational graph.

        Args: operations, as plain data: dicts with name, kind, inputs, attributes, control_inputs and device; shapes,
            of each operation's outputs by its name, as far as they are known.
        """
        nodes = [self._node(operation, (shapes or {}).get(operation["name"])) for operation in operations]
        self._write(graph_def=self._made.GraphDef(node=nodes).SerializeToString())

    def add_scalars(self, step: int, scalars: Mapping[str, float]) -> None:
        """Add numbers that were measured at a step, by their tags."""
        for tag, value in scalars.items():
            self._write(step=step, summary=self._made.scalar(tag, value))

    def add_histograms(self, step: int, arrays: Mapping[str, np.ndarray]) -> None:
        """Add how the numbers of arrays are distributed at a step, by their tags; of finite numbers only."""
        for tag, array in arrays.items():
            self._write(step=step, summary=self._made.histogram(tag, array[np.isfinite(array)]))

    def _write(self, **content: Any) -> None:
        self._records.write(self._made.Event(wall_time=time.time(), **content).SerializeToString())
        self._records.flush()

    def _node(self, operation: Mapping[str, Any], shapes: Sequence[Sequence[int]] | None) -> Any:
        inputs = [tensor.removesuffix(":0") for tensor in operation.get("inputs", ())]
        waits_for = [f"^{name}" for name in operation.get("control_inputs", ())]
        kind = operation["kind"]
        node = self._made.NodeDef(
            name=operation["name"],
            op=KNOWN_THERE.get(kind, kind),
            input=[*inputs, *waits_for],
            device=operation.get("device", ""),
        )
        for name, value in operation.get("attributes", {}).items():
            node.attr[name].s = _text(value).encode()
        if shapes is not None:
            node.attr["_output_shapes"].list.SetInParent()
            for shape in shapes:
                added = node.attr["_output_shapes"].list.shape.add()
                added.SetInParent()
                for length in shape:
                    added.dim.add(size=length)
        return node


def add_epoch(file: EventFile, result: Result) -> None:
    """Add how the last epoch of a run went, and the distribution of each array of its parameters."""
    number, epoch, network = len(result.epochs), result.epochs[-1], NETWORKS[result.network]
    scalars = {
        "loss/training": epoch.training_loss,
        "loss/validation": epoch.validation_loss,
        "error/validation": epoch.validation_error,
        "learning_rate": epoch.learning_rate,
    }
    file.add_scalars(number, scalars)
    parameters = parameters_in(result.numbers, network)
    groups = {
        "convolution": {"filters": parameters.filters, "bias": parameters.filter_biases},
        "dense": {"weights": parameters.weights, "bias": parameters.biases},
    }
    file.add_histograms(
        number,
        {
            f"{layer}_{place}/{name}": array
            for layer, group in groups.items()
            for name, arrays in group.items()
            for place, array in enumerate(arrays, 1)
        },
    )


def _text(value: Any) -> str:
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _tensorboard() -> SimpleNamespace:
    """What is used of the package."""
    try:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.graph_pb2 import GraphDef
        from tensorboard.compat.proto.node_def_pb2 import NodeDef
        from tensorboard.plugins.histogram.summary_v2 import histogram_pb
        from tensorboard.plugins.scalar.summary_v2 import scalar_pb
        from tensorboard.summary.writer.record_writer import RecordWriter
    except ImportError as error:
        raise InvalidArgument("event files", "the package tensorboard (an extra)", str(error)) from None
    return SimpleNamespace(
        Event=Event,
        GraphDef=GraphDef,
        NodeDef=NodeDef,
        RecordWriter=RecordWriter,
        histogram=histogram_pb,
        scalar=scalar_pb,
    )
