"""The labs' losses and training steps in PyTorch, written from the labs' text, and the way there and back: what jaxgan is compared with."""

import copy
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from jaxgan.settings.options import variant_numbers
from tests.parity.torch_networks import CRITICS, GENERATORS

torch.set_num_threads(1)


# Losses, each as its lab writes it


def _ones(score):
    return torch.ones_like(score)


def _zeros(score):
    return torch.zeros_like(score)


BCE = nn.BCELoss()


def critic_loss(variant: str, real, fake):
    """Of raw scores; `gan` through a sigmoid and BCELoss as in labs 002 and 003."""
    if variant in ("gan", "gan_minimax"):
        return BCE(torch.sigmoid(real), _ones(real)) + BCE(torch.sigmoid(fake), _zeros(fake))
    if variant == "lsgan":
        return 0.5 * ((real - 1) ** 2).mean() + 0.5 * (fake**2).mean()
    return -(torch.mean(real) - torch.mean(fake))


def generator_loss(variant: str, fake):
    if variant == "gan":
        return BCE(torch.sigmoid(fake), _ones(fake))
    if variant == "gan_minimax":
        return torch.log(1 - torch.sigmoid(fake)).mean()
    if variant == "lsgan":
        return 0.5 * ((fake - 1) ** 2).mean()
    return -torch.mean(fake)


def compute_gradient_penalty(critic, real, fake, alpha, labels=None):
    """Labs 002, 4.5, and 004, 11.1, with one alpha a sample and the plus sign of the paper."""
    alpha = alpha.view(-1, *[1] * (real.ndim - 1))
    interpolates = (alpha * real + (1 - alpha) * fake).requires_grad_(True)
    output = critic(interpolates, labels)
    gradients = torch.autograd.grad(
        outputs=output, inputs=interpolates, grad_outputs=_ones(output), create_graph=True, retain_graph=True
    )[0]
    gradients = gradients.view(gradients.size(0), -1)
    return ((gradients.norm(2, dim=1) - 1) ** 2).mean()


# Training


class Rules:
    """A variant with its numbers."""

    def __init__(self, variant: str, clip=0.01, gradient_penalty_weight=10.0, critic_loss_scale=1.0):
        self.variant, self.clip, self.weight, self.scale = variant, clip, gradient_penalty_weight, critic_loss_scale


def critic_backward(generator, critic, rules: Rules, draw):
    """The critic's loss and penalty on one draw, gradients left in the parameters; real before fake."""
    critic.zero_grad()
    fake = generator(draw.latent, draw.fake_label).detach()
    real_output = critic(draw.real, draw.real_label)
    fake_output = critic(fake, draw.fake_label)
    loss = rules.scale * critic_loss(rules.variant, real_output, fake_output)
    penalty = None
    if rules.variant == "wgan_gp":
        penalty = rules.weight * compute_gradient_penalty(critic, draw.real, fake, draw.epsilon, draw.real_label)
        loss = loss + penalty
    loss.backward()
    return loss.detach(), None if penalty is None else penalty.detach()


def generator_backward(generator, critic, rules: Rules, draw):
    generator.zero_grad()
    loss = generator_loss(rules.variant, critic(generator(draw.latent, draw.fake_label), draw.fake_label))
    loss.backward()
    return loss.detach()


def clamp_(critic, rules: Rules):
    if rules.variant == "wgan":
        for p in critic.parameters():
            p.data.clamp_(-rules.clip, rules.clip)


def critic_step(generator, critic, optimizer, rules: Rules, draw):
    loss, _ = critic_backward(generator, critic, rules, draw)
    optimizer.step()
    clamp_(critic, rules)
    return loss


def generator_step(generator, critic, optimizer, rules: Rules, draw):
    loss = generator_backward(generator, critic, rules, draw)
    optimizer.step()
    return loss


OPTIMIZERS = {
    "adagrad": lambda p, lr: torch.optim.Adagrad(p, lr=lr),
    "adam": lambda p, lr: torch.optim.Adam(p, lr=lr, betas=(0.5, 0.999)),
    "adam_0_9": lambda p, lr: torch.optim.Adam(p, lr=lr, betas=(0.0, 0.9)),
    "momentum": lambda p, lr: torch.optim.SGD(p, lr=lr, momentum=0.9),
    "nesterov": lambda p, lr: torch.optim.SGD(p, lr=lr, momentum=0.9, nesterov=True),
    "rmsprop": lambda p, lr: torch.optim.RMSprop(p, lr=lr),
    "sgd": lambda p, lr: torch.optim.SGD(p, lr=lr),
}


def train(generator, critic, make_optimizer, learning_rate: float, rules: Rules, iterations: Sequence):
    """For each (critic draws, generator draw): the critic steps, then the generator step."""
    optimizer_g = make_optimizer(generator.parameters(), learning_rate)
    optimizer_d = make_optimizer(critic.parameters(), learning_rate)
    for critic_draws, generator_draw in iterations:
        for draw in critic_draws:
            critic_step(generator, critic, optimizer_d, rules, draw)
        generator_step(generator, critic, optimizer_g, rules, generator_draw)


# Between jaxgan and PyTorch


def twins_of(setup, dtype=torch.float64, seed: int = 0):
    """The generator and the critic that a run of jaxgan means, drawn with a seed."""
    torch.manual_seed(seed)
    config = setup.config
    *size, channels = setup.dataset.sample_shape
    shape = (channels, *size)
    n_classes = setup.dataset.n_classes if config.conditional else 0
    generator_options = {"output": config.output} if config.generator == "mlp" else {}
    if config.upsampling:
        generator_options["upsampling"] = config.upsampling
    critic_options = {"dropout": config.dropout} if config.critic == "fc" else {}
    if config.critic in ("conv", "conv1d", "conv3d", "dcgan"):
        critic_options["norm"] = config.critic_norm
    width = {"hidden_dim": config.hidden_dim, "n_classes": n_classes}
    generator = GENERATORS[config.generator](shape, latent_dim=config.latent_dim, **width, **generator_options)
    critic = CRITICS[config.critic](shape, **width, **critic_options)
    return generator.to(dtype), critic.to(dtype)


def shake(module: nn.Module, seed: int = 5) -> nn.Module:
    """Moves every weight and statistic off the values 0 and 1 that some begin with; float32 holds them all exactly."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for value in module.state_dict().values():
            if value.is_floating_point():
                noise = torch.rand(value.shape, generator=generator, dtype=torch.float64) - 0.5
                scale = 0.02 if value.abs().max() == 0 else 0.3 * value.abs().mean()
                value.copy_((value + scale * noise).float())
            else:
                value += 3
    return module


def arrays(module: nn.Module) -> dict[str, np.ndarray]:
    """A copy of the state dict."""
    return {name: value.detach().numpy().copy() for name, value in module.state_dict().items()}


def gradients(module: nn.Module) -> dict[str, np.ndarray]:
    return {name: p.grad.numpy().copy() for name, p in module.named_parameters()}


def first_outcomes(setup, generator, critic, iterations, dtype=torch.float64):
    """Losses, penalty and gradients of the first critic and generator draw, each at the weights given."""
    ([critic_draw, *_], generator_draw), *_ = iterations
    rules, outcomes = rules_of(setup), {}
    for player, backward, draw in (
        ("critic", critic_backward, critic_draw),
        ("generator", generator_backward, generator_draw),
    ):
        pair = copy.deepcopy((generator, critic))
        loss = backward(*pair, rules, as_torch(draw, dtype))
        if player == "critic":
            loss, penalty = loss
            if penalty is not None:
                outcomes["critic/penalty"] = penalty.numpy()
        outcomes[f"{player}/loss"] = loss.numpy()
        outcomes[f"{player}/gradients"] = gradients(pair[player == "critic"])
    return outcomes


def tensor(x, dtype=torch.float64) -> torch.Tensor:
    """Images (B, H, W, C) -> (B, C, H, W); integers as PyTorch's labels."""
    x = np.asarray(x)
    if x.dtype.kind in "iu":
        return torch.tensor(x, dtype=torch.int64)
    return torch.tensor(np.moveaxis(x, -1, 1).copy() if x.ndim > 2 else x, dtype=dtype)


def as_torch(draw, dtype=torch.float64):
    """A draw's arrays as tensors; its key stays behind."""
    names = ("real", "real_label", "latent", "fake_label", "epsilon")
    return draw._replace(key=None, **{name: tensor(getattr(draw, name), dtype) for name in names})


def lay_out(x: torch.Tensor) -> np.ndarray:
    """Samples as jaxgan has them, (B, C, H, W) -> (B, H, W, C)."""
    x = x.detach().numpy()
    return np.moveaxis(x, 1, -1) if x.ndim > 2 else x


def optimizer_of(config):
    """PyTorch's constructor for a configuration's optimizer."""
    if config.optimizer == "adam" and config.beta1 == 0:
        return OPTIMIZERS["adam_0_9"]
    return OPTIMIZERS[config.optimizer]


def rules_of(setup) -> Rules:
    game = {name: number for name, number in setup.numbers.items() if name in variant_numbers()}
    return Rules(setup.config.variant, **game)
