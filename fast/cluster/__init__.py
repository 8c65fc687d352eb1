"""Graphs on real workers: the parts of a graph on processes of one machine, or on a cluster of dask's.

`ProcessClient` needs nothing further; `fast.cluster.tasks` needs dask, which the extra "dask" brings.
"""

from fast.cluster.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from fast.cluster.clients import ProcessClient
from fast.cluster.processes import WorkerLost

__all__ = ["Checkpoint", "ProcessClient", "WorkerLost", "load_checkpoint", "save_checkpoint"]
