"""Training the slides' networks on handwritten digits, with the kernels of `fast.cpu`.

`python -m fast.training --help` says how; in Python:

    from fast import training
    digits = training.load_digits("folder with the four IDX files")
    result = training.train("cnn", digits, training.Plan(epochs=3))
"""

from fast.training.digits import Digits, Examples, load_digits, read_idx
from fast.training.evaluation import Evaluation, evaluate
from fast.training.event_files import EventFile
from fast.training.graph import operations_of
from fast.training.loop import train
from fast.training.networks import NETWORKS, Network
from fast.training.plan import Plan
from fast.training.results import Epoch, Result, load_result, save_result

__all__ = [
    "NETWORKS",
    "Digits",
    "Epoch",
    "Evaluation",
    "EventFile",
    "Examples",
    "Network",
    "Plan",
    "Result",
    "evaluate",
    "load_digits",
    "load_result",
    "operations_of",
    "read_idx",
    "save_result",
    "train",
]
