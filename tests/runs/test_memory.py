"""What could never fit into memory is refused in one line before there is a folder."""

import ctypes
import importlib
import os
from pathlib import Path

import pytest

from jaxgan import train
from jaxgan.engine.gan import Gan
from jaxgan.errors import UserError
from jaxgan.memory import check_fits, give_back, in_words
from jaxgan.runs.memory import BATCH, DATA, GRADIENTS, WEIGHTS, needed
from tests.tiny import pictures, tiny

sweep = importlib.import_module("jaxgan.sweep")  # the command: jaxgan.sweep is the function

RING = ["--dataset", "ring8", "--recipe", "toy"]


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ([*RING, "--hidden-dim", "1000000"], "weights and optimizer state"),
        ([*RING, "--batch-size", "100000000"], "layers' outputs for one batch"),
        (["--network", "dcgan", "--image-size", "64", "--batch-size", "1000000"], "layers' outputs for one batch"),
        ([*RING, "--replicas", "60000", "--hidden-dim", "4096"], "weights and optimizer state"),
        ([*RING, "--points", "2147483646"], "2,147,483,646 points"),
        (["--image-size", "100000"], "a picture of 100000x100000 pixels"),
        (["--image-size", "10000"], "1,497 pictures of 10000x10000 pixels"),
        (["--latent-dim", "1000000000"], "weights and optimizer state"),
    ],
)
def test_what_cannot_fit_names_what_is_too_large_and_by_how_much(argv, words, capsys, tmp_path):
    assert train.main([*argv, "--out", str(tmp_path / "run")]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    assert words in said
    assert "too much" in said
    assert list(tmp_path.iterdir()) == []


def test_a_sweep_refuses_it_before_its_folder(capsys, tmp_path):
    assert sweep.main(["--grid", "hidden_dim=8,1000000", *RING, "--out", str(tmp_path / "sweep")]) == 2
    assert "weights and optimizer state" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_parts_by_hand():
    """fc of width 8: the count of numbers, three times (Adam's two moments); pictures a byte a pixel; all by replicas."""
    run = tiny("fc", dataset=pictures(), optimizer="adam", critic_optimizer="adam", batch_size=6)
    parts = needed(run)
    players = [sum(leaf.size for leaf in _leaves(run, name)) for name in ("generator", "critic")]
    assert parts[DATA] == 40 * 28 * 28
    assert parts[GRADIENTS] == 4 * max(players)
    assert parts[WEIGHTS] == pytest.approx(3 * 4 * sum(players), rel=0.05)  # and optax's counters
    several = needed(tiny("fc", dataset=pictures(), optimizer="adam", critic_optimizer="adam", batch_size=6, replicas=3))
    assert {name: several[name] for name in (WEIGHTS, GRADIENTS)} == {name: 3 * parts[name] for name in (WEIGHTS, GRADIENTS)}
    assert several[DATA] == parts[DATA]


@pytest.mark.parametrize("network", ["conv", "dcgan", "fc", "lab_conv", "r3gan"])
def test_of_networks_for_pictures_a_batch_takes_no_less_than_its_pictures_and_no_more_than_the_program(network):
    run = tiny(network, dataset=pictures(), batch_size=50)
    pictures_alone = 4 * 50 * 28 * 28
    program = run.program()
    assert (
        pictures_alone <= needed(run)[BATCH] <= program.lower(program.state_like).compile().memory_analysis().temp_size_in_bytes
    )


def _leaves(run, player):
    import jax

    from tests.tiny import initial

    return jax.tree.leaves(getattr(initial(run), player).params)


def test_sizes_in_words():
    assert [in_words(size) for size in (0, 999, 1500, 2 * 10**9, 123_456 * 10**9, 10**16)] == [
        "0 B",
        "999 B",
        "1.5 kB",
        "2.0 GB",
        "123 TB",
        "10,000 TB",
    ]
    check_fits(1, "a byte")
    with pytest.raises(UserError, match=r"all: would take 1,000,000 TB of memory, and this machine has .*: .* too much"):
        check_fits(10**18, "all")


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="another library of C than glibc")
def test_what_was_freed_is_given_back():
    def resident() -> int:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    parts = [bytes(60_000) for _ in range(2000)]  # too small for pages of their own
    last = bytes(60_000)  # which keeps the heap from being cut at its end
    full = resident()
    del parts
    kept = resident()
    give_back()
    assert full - kept < 60e6 < full - resident()
    assert len(last) == 60_000


def test_where_memory_cannot_be_given_back_nothing_happens(monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    give_back()


def test_the_first_state_is_traced_once_for_the_estimate_and_the_run(monkeypatch):
    made = []
    init = Gan.init
    monkeypatch.setattr(Gan, "init", lambda self, *arguments: made.append(1) or init(self, *arguments))
    run = tiny("mlp")
    needed(run)
    assert run.program().state_like.generator.params
    assert len(made) == 1
