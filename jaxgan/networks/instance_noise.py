"""Instance noise (Sonderby et al. 2017, arXiv 1610.04490, section 3; Arjovsky and Bottou 2017, arXiv 1701.04862, section 3)."""

import flax.linen as nn
import jax

from jaxgan.networks.transform import CriticTransform
from jaxgan.types import CriticOutput, Labels, Samples


class NoisyCritic(CriticTransform):
    """critic(x + deviation * n) in training, n ~ N(0, I) drawn afresh for each pass (random stream `augment`); critic(x) in evaluation.

    Real and generated samples are blurred alike, so that their distributions overlap, and a fine structure of either that is weaker
    than the noise gives the critic nothing to tell them by.
    """

    deviation: float

    @nn.compact
    def __call__(self, samples: Samples, labels: Labels, *, train: bool = False) -> CriticOutput:
        if train:
            samples = samples + self.deviation * jax.random.normal(self.make_rng("augment"), samples.shape, samples.dtype)
        return self.critic(samples, labels, train=train)
