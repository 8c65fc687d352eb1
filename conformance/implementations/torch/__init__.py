"""PyTorch's counterparts of the reference's functions, a module for each of its rooms.

Each function hands its arrays to the PyTorch function that a user would call for it, and changes nothing about the
arithmetic. Gradients are PyTorch's own, from its tape. Needs the extra `torch`; only the CPU is used.
"""

import torch

from conformance.implementations.torch.activations import *
from conformance.implementations.torch.backpropagation import *
from conformance.implementations.torch.convolution import *
from conformance.implementations.torch.linear import *
from conformance.implementations.torch.losses import *
from conformance.implementations.torch.pooling import *
from conformance.implementations.torch.softmax import *
from conformance.implementations.torch.windows import MEMORY_FORMAT
from reference.alternatives import log_softmax_cross_entropy_with_logits_vjp

DESCRIPTION = f"PyTorch {torch.__version__} on the CPU, eager"

#: In which order the images of a batch lie in memory, as PyTorch itself calls it.
VARIANTS = {"channels_last": {MEMORY_FORMAT: "channels_last"}}

#: The loss keeps the logarithms of the probabilities, and its gradient takes their exponentials.
ALGORITHMS = {"softmax_cross_entropy_with_logits_vjp": log_softmax_cross_entropy_with_logits_vjp}

NOT_PROVIDED = {
    "perceptron_predict": "PyTorch has no perceptron",
    "perceptron_sgd": "PyTorch has no perceptron",
}
