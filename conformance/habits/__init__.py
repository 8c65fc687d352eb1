"""Manners, as functions that look at one call and raise Nonconforming: about results, inputs, company and errors."""

from __future__ import annotations

from collections.abc import Callable

from conformance.habits.company import leaves_its_surroundings_alone, serves_two_threads_at_once
from conformance.habits.inputs import (
    accepts_any_memory_layout,
    accepts_read_only_inputs,
    accepts_whole_numbers_of_any_dtype,
    leaves_its_inputs_alone,
    sees_what_changed_in_place,
)
from conformance.habits.results import gives_results_of_its_own, gives_the_same_bits_twice, keeps_the_dtype
from conformance.operation import Arguments
from conformance.subject import Subject

Habit = Callable[[Subject, Arguments], None]

HABITS: tuple[Habit, ...] = (
    keeps_the_dtype,
    leaves_its_inputs_alone,
    leaves_its_surroundings_alone,
    accepts_read_only_inputs,
    accepts_any_memory_layout,
    accepts_whole_numbers_of_any_dtype,
    sees_what_changed_in_place,
    gives_results_of_its_own,
    gives_the_same_bits_twice,
    serves_two_threads_at_once,
)
