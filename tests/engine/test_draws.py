"""Chance: each pass over the data sees every sample once, and the flags that reuse a draw reuse exactly that."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats

from jaxgan.data import load
from jaxgan.engine.batches import class_rows, classes_of, shuffled
from jaxgan.engine.draws import Stream, stream_key
from jaxgan.errors import UserError
from jaxgan.labels import class_shares
from tests.tiny import arrays, batch, critic_draw_of, generator_draw_of, on_disk, pictures, tiny


@pytest.mark.parametrize("size", [1, 2, 3, 17, 100, 1497])
def test_a_shuffle_is_a_permutation(size):
    places = shuffled(jax.random.key(3), jnp.zeros(size, jnp.uint32), jnp.arange(size, dtype=jnp.uint32), size)
    np.testing.assert_array_equal(np.sort(places), np.arange(size))


def test_shuffles_of_epochs_and_keys_differ_and_look_random():
    size = 2000
    positions = jnp.arange(size, dtype=jnp.uint32)
    orders = [
        np.asarray(shuffled(jax.random.key(k), jnp.full(size, e, jnp.uint32), positions, size), np.int64)
        for k, e in [(0, 0), (0, 1), (1, 0)]
    ]
    for i, order in enumerate(orders):
        assert abs(np.corrcoef(order, np.arange(size))[0, 1]) < 0.1
        assert abs(np.corrcoef(order[1:], order[:-1])[0, 1]) < 0.1
        counts = np.histogram(order[:500], bins=10, range=(0, size))[0]  # the first quarter falls evenly
        assert counts.min() > 25
        assert counts.max() < 80
        for other in orders[:i]:
            assert (order == other).mean() < 0.01


def test_each_pass_over_the_data_sees_every_sample_once_and_batches_cross_its_end():
    dataset = pictures(40)
    run = tiny("fc", dataset=dataset, batch_size=6)
    data = arrays(run)
    samples = jax.jit(lambda i: batch(run, data, jax.random.key(0), i)[0])
    batches = np.concatenate([np.asarray(samples(jnp.int32(i))) for i in range(20)])  # 120 = 3 passes of 40
    seen = [picture.tobytes() for picture in np.rint((batches + 1) * 127.5).astype(np.uint8)]
    for start in (0, 40, 80):
        assert set(seen[start : start + 40]) == {picture.tobytes() for picture in dataset.samples}


def test_shares_of_classes():
    """Of 16, 1 and 81 samples: fourth roots 2, 1 and 3; a class without samples has no share."""
    sizes = np.array([16, 0, 1, 81])
    np.testing.assert_allclose(class_shares(sizes, 0), np.array([16, 0, 1, 81]) / 98)
    np.testing.assert_allclose(class_shares(sizes, 0.75), np.array([2, 0, 1, 3]) / 6)
    np.testing.assert_allclose(class_shares(sizes, 1), np.array([1, 0, 1, 1]) / 3)


@pytest.mark.parametrize("balance", [0.5, 1.0])
def test_classes_are_drawn_in_their_shares_and_their_samples_all_alike(balance):
    """Against a chi-squared test; classes 1 and 4 have no samples, and labels are in no order."""
    labels = np.random.default_rng(0).permutation(np.repeat([0, 2, 3], [90, 2, 8])).astype(np.int32)
    classes = classes_of(labels, balance)
    rows = np.asarray(jax.jit(lambda key: class_rows(key, 60_000, classes))(jax.random.key(1)))
    shares = class_shares(np.bincount(labels), balance)
    expected = (shares / np.maximum(np.bincount(labels), 1))[labels] * len(rows)  # of every row
    assert scipy.stats.chisquare(np.bincount(rows, minlength=100), expected).pvalue > 1e-3
    assert scipy.stats.chisquare(np.bincount(rows, minlength=100), np.full(100, 600)).pvalue < 1e-9


def test_a_run_with_even_classes_sees_each_sample_with_its_label():
    """Every class as often in many batches, another choice in each; a sample's own shade says its class."""
    labels = np.random.default_rng(0).permutation(np.repeat([0, 1, 2], [30, 8, 2])).astype(np.int32)
    dataset = pictures(40)
    dataset.samples[:] = (100 * labels)[:, None, None, None]
    run = tiny("fc", dataset=dataclasses.replace(dataset, labels=labels), batch_size=60, conditional=True, class_balance=1.0)
    assert (
        "classes are seen evened out (class_balance 1): 33 % of the samples each, where they have 5 to 75 %"
        in run.dataset.notes
    )
    data = arrays(run)
    drawn = [jax.jit(lambda i: batch(run, data, jax.random.key(0), i))(jnp.int32(i)) for i in range(20)]
    for samples, seen in drawn:
        np.testing.assert_array_equal(np.rint((np.asarray(samples)[:, 0, 0, 0] + 1) * 127.5), 100 * np.asarray(seen))
    counts = np.bincount(np.concatenate([seen for _, seen in drawn]))
    assert scipy.stats.chisquare(counts, np.full(3, 400)).pvalue > 1e-3
    assert (drawn[0][1] != drawn[1][1]).any()


@pytest.mark.parametrize(
    ("dataset", "balance", "message"),
    [
        (pictures(n_classes=0), 1, "class_balance=1: the samples of digits are in no classes"),
        (load("ring8"), 1, "class_balance=1: ring8 is drawn afresh"),
        (
            dataclasses.replace(on_disk(pictures()), name="own"),
            0.5,
            "class_balance=0.5: the classes of own are known only once",
        ),
        (pictures(), 1.5, "class_balance=1.5: must be"),
        (pictures(), "much", "class_balance='much': must be"),
    ],
)
def test_classes_that_cannot_be_evened_out_are_refused(dataset, balance, message):
    with pytest.raises(UserError, match=message):
        dataset.balanced(balance)


def test_images_are_scaled_to_minus_one_and_one():
    dataset = pictures(8)
    dataset.samples[:] = np.array([0, 255], np.uint8)[np.arange(8) % 2][:, None, None, None]
    run = tiny("fc", dataset=dataset, batch_size=8)
    real, labels = batch(run, arrays(run), jax.random.key(0), jnp.int32(0))
    assert sorted(np.unique(real)) == [-1.0, 1.0]
    assert labels.shape == (8,)


def test_no_key_serves_two_purposes():
    key = jax.random.key(0)
    keys = [stream_key(key, s, i) for s in Stream for i in range(50)]
    keys += [part for k in keys for part in jax.random.split(k, 4)]
    assert len({jax.random.key_data(k).tobytes() for k in [key, *keys]}) == len(keys) + 1


def draws(n_critic=3, step=2, conditional=True, **fields):
    run = tiny("fc", n_critic=n_critic, conditional=conditional, **fields)
    data, key = arrays(run), jax.random.key(7)
    critics = [critic_draw_of(run, data, key, jnp.int32(step * n_critic + i)) for i in range(n_critic)]
    return critics, generator_draw_of(run, data, key, jnp.int32(step))


def equal(a, b) -> bool:
    return bool((np.asarray(a) == np.asarray(b)).all())


def test_fresh_draws_share_nothing():
    critics, generator = draws()
    assert not equal(critics[0].real, critics[1].real)
    assert not equal(critics[0].latent, critics[1].latent)
    assert not equal(critics[0].epsilon, critics[1].epsilon)
    assert not any(equal(generator.latent, c.latent) for c in critics)
    assert len({jax.random.key_data(d.key).tobytes() for d in [*critics, generator]}) == 4


def test_same_critic_data_keeps_the_real_batch_and_nothing_else():
    critics, _ = draws(critic_data="same")
    assert equal(critics[0].real, critics[2].real)
    assert not equal(critics[0].latent, critics[2].latent)
    other, _ = draws(critic_data="same", step=3)
    assert not equal(critics[0].real, other[0].real)


@pytest.mark.parametrize(("order", "before"), [("critic_first", 2), ("generator_second", 0)])
def test_same_generator_latents_are_those_of_the_critic_step_before(order, before):
    critics, generator = draws(order=order, generator_latent="same")
    assert equal(generator.latent, critics[before].latent)
    assert equal(generator.real, critics[before].real)


def test_real_fake_labels_are_the_batchs_and_random_ones_are_not():
    critics, generator = draws()
    assert equal(critics[0].fake_label, critics[0].real_label)
    assert equal(generator.fake_label, critics[-1].real_label)
    critics, generator = draws(fake_labels="random", batch_size=64)
    assert not equal(critics[0].fake_label, critics[0].real_label)
    assert not equal(generator.fake_label, critics[-1].fake_label)
    assert set(np.unique(critics[0].fake_label)) == {0, 1, 2}


def test_interpolation_weights_are_uniform_one_a_sample():
    run = tiny("fc", batch_size=4000)
    epsilon = critic_draw_of(run, arrays(run), jax.random.key(0), jnp.int32(0)).epsilon
    assert epsilon.shape == (4000,)
    assert 0 <= float(epsilon.min()) < 0.01
    assert 0.99 < float(epsilon.max()) <= 1
    assert np.histogram(epsilon, bins=4, range=(0, 1))[0].min() > 900
