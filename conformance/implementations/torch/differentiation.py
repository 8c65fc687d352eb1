"""Gradients of graphs, from PyTorch's tape; of gradients, the tape of those."""

from __future__ import annotations

from typing import Any

import torch

from conformance.implementations.numpy import sessions
from conformance.implementations.numpy.graph_data import Program
from conformance.implementations.torch.sessions import library

__all__ = ["graph_gradients"]


def graph_gradients(feeds: Any, *, graph: Any, fed: Any, outputs: Any, inputs: Any, twice: bool = False) -> Any:
    program = Program(feeds, graph, fed, sessions.KINDS)
    given, towards = program.to_differentiate(outputs, inputs, twice)
    views = program.run([*given, *towards], library(program, differentiable=True), by_itself)
    wanted = [views[name] for name in towards]
    found = gradients([views[name] for name in given], wanted, keep=twice)
    found = gradients(found, wanted) if twice else found
    return tuple(gradient.detach().clone(memory_format=torch.contiguous_format).numpy() for gradient in found)


def by_itself(name: str, value: Any) -> Any:
    """Each tensor as a view of its own, since what is read of a variable twice is two; or where a tape begins anew."""
    return value.view_as(value) if value.requires_grad else value.requires_grad_()


def gradients(outputs: list[Any], inputs: list[Any], *, keep: bool = False) -> list[Any]:
    """Those of the sum of all outputs' numbers; zeros for what no output depends on."""
    depending = [output for output in outputs if output.requires_grad]
    if not depending or not inputs:
        return [torch.zeros_like(tensor) for tensor in inputs]
    ones = [torch.ones_like(output) for output in depending]
    return [*torch.autograd.grad(depending, inputs, ones, create_graph=keep, allow_unused=True, materialize_grads=True)]
