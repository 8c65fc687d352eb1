"""The same functions, computed in other well-known ways, each in the room of the function that it stands for.

What a fast library runs is often not the definition, and its errors are others: a text here, read with
`reference.numbers.Rounded`, says how large they may be. An implementation that computes in such a way says so
(`ALGORITHMS = {"conv2d": winograd_conv2d}`) and is held to the bound of the text that it names.

>>> from reference import sigmoid
>>> from reference.alternatives import half_tanh_sigmoid
>>> from reference.numbers import Arithmetic, Rounded
>>> z = [Rounded(-20, Arithmetic("float32"))]
>>> sigmoid(z), half_tanh_sigmoid(z)
([Rounded(2.0611536181902037e-09 ± 2.22e-15)], [Rounded(2.0611536181902037e-09 ± 1.49e-07)])
"""

from reference.alternatives.activations import *
from reference.alternatives.binary_losses import *
from reference.alternatives.class_index_losses import *
from reference.alternatives.convolution import *
from reference.alternatives.linear import *
from reference.alternatives.losses import *
from reference.alternatives.optimizers import *
from reference.alternatives.pooling import *
from reference.alternatives.softmax import *
