"""Deep learning by foot: every algorithm of the slides, once, in plain Python arithmetic.

Each function works on nested lists of numbers and imports nothing but the standard library. Give it floats and it
computes; give it fractions and it is exact; give it the types of `reference.numbers` and it says how large its error
can be, what its gradient is, or how it got there.

>>> from reference import perceptron_predict
>>> perceptron_predict([[-1, 2], [3, 0]], [1, 2, 4])
PerceptronPrediction(scores=[-1, -1], labels=[-1, -1])
"""

from reference.activations import *
from reference.adaptive_optimizers import *
from reference.architecture import *
from reference.arrays import *
from reference.backpropagation import *
from reference.baselines import *
from reference.binary_losses import *
from reference.class_index_losses import *
from reference.convolution import *
from reference.convolutional_network import *
from reference.costs import *
from reference.devices import *
from reference.differentiation import *
from reference.errors import InvalidArgument as InvalidArgument
from reference.errors import Undecidable as Undecidable
from reference.execution import *
from reference.faults import *
from reference.graph_pictures import *
from reference.graphs import *
from reference.layers import *
from reference.linear import *
from reference.long_short_term_memory import *
from reference.losses import *
from reference.master import *
from reference.metrics import *
from reference.neurons import *
from reference.optimization import *
from reference.optimizers import *
from reference.partition import *
from reference.perceptron import *
from reference.placement import *
from reference.pooling import *
from reference.recurrent import *
from reference.regularization import *
from reference.sampling import *
from reference.sessions import *
from reference.softmax import *
from reference.tensors import *
from reference.timeline import *
from reference.training import *
from reference.trajectories import *
from reference.universality import *
from reference.workers import *
