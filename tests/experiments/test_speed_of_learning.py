"""Time to a quality: sides train in turn until each has reached it, and only training counts."""

import time

import numpy as np
import pytest

from experiments.benchmarks import speed_of_learning
from experiments.benchmarks.speed_of_learning import Learner, Task, full_modes, learn, line, ratios
from jaxgan import data


class Counting:
    """A side whose quality is how often it has trained, and which takes its time."""

    def __init__(self, name, seen, pause):
        self.name, self.seen, self.pause, self.parts = name, seen, pause, 0

    def run(self, n):
        assert n == 7
        time.sleep(self.pause)
        self.parts += 1
        self.seen.append(self.name)


def learners(pause, slower):
    seen = []
    sides = {"jaxgan": Counting("jaxgan", seen, pause), "pytorch": Counting("pytorch", seen, slower * pause)}

    def samples_of(side):
        def samples():
            time.sleep(pause)
            return np.array([side.parts])

        return samples

    return {name: Learner(side, samples_of(side)) for name, side in sides.items()}, seen


@pytest.mark.parametrize(("needed", "most", "parts"), [(2, 5, 2), (9, 3, 3)])
def test_sides_train_in_turn_until_they_have_learnt_it(needed, most, parts):
    both, seen = learners(0.02, 3)
    began = time.perf_counter()
    learn(both, Task({}, lambda samples: float(samples[0]), lambda quality: quality >= needed, every=7, most=most))
    whole = time.perf_counter() - began
    assert seen == ["jaxgan", "pytorch"] * parts
    records = {name: learner.record(7) for name, learner in both.items()}
    assert records["jaxgan"]["iterations"] == 7 * parts and records["pytorch"]["qualities"] == [*range(1, parts + 1)]
    assert [record["reached"] for record in records.values()] == [needed <= most] * 2
    trained = sum(record["seconds"] for record in records.values())
    assert trained <= whole - 2 * parts * 0.02, "measuring counts as training"
    assert records["pytorch"]["seconds"] > 2 * records["jaxgan"]["seconds"]


def test_one_that_is_ready_waits_for_the_other():
    both, seen = learners(0, 1)
    both["jaxgan"].side.parts = 3
    learn(both, Task({}, lambda samples: float(samples[0]), lambda quality: quality >= 4, every=7, most=9))
    assert seen == ["jaxgan", "pytorch", "pytorch", "pytorch", "pytorch"]


def test_ratios_are_of_seeds_that_both_sides_learnt():
    def side(seconds, reached=True, **more):
        return {"seconds": seconds, "iterations": 10, "reached": reached, **more}

    seeds = [
        {"jaxgan": side(2.0, compile_seconds=2.0), "pytorch": side(8.0)},
        {"jaxgan": side(1.0, compile_seconds=3.0), "pytorch": side(3.0)},
        {"jaxgan": side(1.0, compile_seconds=1.0), "pytorch": side(9.0, reached=False)},
    ]
    assert ratios(seeds) == [4.0, 3.0] and ratios(seeds, compiling=True) == [2.0, 0.75]
    text = line("ring", seeds)
    assert "3.50 [3.00-4.00], with compiling 1.38 [0.75-2.00]" in text and "9.0 s of 10 (not reached)" in text
    assert "none, with compiling none" in line("ring", seeds[2:])


def test_a_mode_counts_with_a_hundredth_of_the_samples():
    ring8 = data.load("ring8").distribution
    counts = [1500, 1500, 1500, 1500, 1500, 1500, speed_of_learning.FEWEST, speed_of_learning.FEWEST - 1]
    points = np.repeat(ring8.to_model(ring8.centres), counts, axis=0)
    assert full_modes(points, ring8) == 7
    assert full_modes(points + 0.8 * 0.029, ring8) == 0 and full_modes(points + np.array([0.8 * 0.029, 0]), ring8) == 7
