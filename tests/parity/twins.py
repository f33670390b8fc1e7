"""The labs' networks, losses and training steps in PyTorch, written from the labs' text: what jaxgan is held against.

Images are (B, C, H, W) here. Attribute names are the labs', so state dicts carry their names. Critics end in raw
scores, of shape (B, 1). Widths are parameters; the defaults are the labs' own. Without classes labels are ignored.
"""

import copy
import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import nn

torch.set_num_threads(1)


class Joined(nn.Module):
    """A player that joins the label's embedding, n_classes wide, to what it is given (lab 004, 11.1)."""

    def __init__(self, n_classes: int):
        super().__init__()
        self.n_classes = n_classes
        if n_classes:
            self.label_embedding = nn.Embedding(n_classes, n_classes)

    def joined(self, x, labels):
        """Vectors get more features; images get more channels, each of one value."""
        if not self.n_classes:
            return x
        embedded = self.label_embedding(labels)
        if x.ndim == 4:
            embedded = embedded[:, :, None, None].expand(-1, -1, *x.shape[2:])
        return torch.cat([x, embedded], dim=1)


# Lab 000, section 2


class LabConvGenerator(Joined):
    def __init__(self, shape=(1, 28, 28), latent_dim=100, hidden_dim=1024, n_classes=0):
        super().__init__(n_classes)
        channels, height, width = shape
        self.coarse = (hidden_dim // 8, height // 4, width // 4)  # 128, 7, 7
        flat = math.prod(self.coarse)
        self.fc1 = nn.Linear(latent_dim + n_classes, hidden_dim)
        self.br1 = nn.Sequential(nn.BatchNorm1d(hidden_dim), nn.ReLU())
        self.fc2 = nn.Linear(hidden_dim, flat)
        self.br2 = nn.Sequential(nn.BatchNorm1d(flat), nn.ReLU())
        self.conv1 = nn.Sequential(
            nn.ConvTranspose2d(hidden_dim // 8, hidden_dim // 16, 4, stride=2, padding=1),
            nn.BatchNorm2d(hidden_dim // 16),
            nn.ReLU(),
        )
        self.conv2 = nn.Sequential(
            nn.ConvTranspose2d(hidden_dim // 16, channels, 4, stride=2, padding=1),
            nn.Tanh(),
        )

    def forward(self, x, labels=None):
        x = self.joined(x, labels)
        x = self.br1(self.fc1(x))
        x = self.br2(self.fc2(x))
        x = x.reshape(-1, *self.coarse)
        x = self.conv1(x)
        return self.conv2(x)


class LabConvCritic(Joined):
    def __init__(self, shape=(1, 28, 28), hidden_dim=1024, n_classes=0):
        super().__init__(n_classes)
        channels, height, width = shape
        first, second = hidden_dim // 32, hidden_dim // 16
        self.conv1 = nn.Sequential(nn.Conv2d(channels + n_classes, first, 5), nn.LeakyReLU(0.1))
        self.pl1 = nn.MaxPool2d(2, stride=2)
        self.conv2 = nn.Sequential(nn.Conv2d(first, second, 5), nn.LeakyReLU(0.1))
        self.pl2 = nn.MaxPool2d(2, stride=2)
        left = [((side - 4) // 2 - 4) // 2 for side in (height, width)]  # 4, 4
        self.fc1 = nn.Sequential(nn.Linear(second * math.prod(left), hidden_dim), nn.LeakyReLU(0.1))
        self.fc2 = nn.Linear(hidden_dim, 1)

    def forward(self, x, labels=None):
        x = self.joined(x, labels)
        x = self.pl1(self.conv1(x))
        x = self.pl2(self.conv2(x))
        x = x.view(x.shape[0], -1)
        x = self.fc1(x)
        return self.fc2(x)


# Lab 002, section 2.2


class FcGenerator(Joined):
    def __init__(self, shape=(1, 28, 28), latent_dim=100, hidden_dim=256, n_classes=0):
        super().__init__(n_classes)
        self.shape = shape
        self.model = nn.Sequential(
            nn.Linear(latent_dim + n_classes, hidden_dim),
            nn.ReLU(),
            nn.Linear(hidden_dim, 2 * hidden_dim),
            nn.ReLU(),
            nn.Linear(2 * hidden_dim, 4 * hidden_dim),
            nn.ReLU(),
            nn.Linear(4 * hidden_dim, math.prod(shape)),
            nn.Tanh(),
        )

    def forward(self, z, labels=None):
        return self.model(self.joined(z, labels)).view(-1, *self.shape)


class FcCritic(Joined):
    def __init__(self, shape=(1, 28, 28), hidden_dim=256, n_classes=0, dropout=0.3):
        super().__init__(n_classes)
        self.model = nn.Sequential(
            nn.Linear(math.prod(shape) + n_classes, 4 * hidden_dim),
            nn.LeakyReLU(0.2),
            nn.Dropout(dropout),
            nn.Linear(4 * hidden_dim, 2 * hidden_dim),
            nn.LeakyReLU(0.2),
            nn.Dropout(dropout),
            nn.Linear(2 * hidden_dim, hidden_dim),
            nn.LeakyReLU(0.2),
            nn.Linear(hidden_dim, 1),
        )

    def forward(self, img, labels=None):
        return self.model(self.joined(img.reshape(img.size(0), -1), labels))


# Lab 002, section 3.2


class ConvGenerator(Joined):
    def __init__(self, shape=(1, 28, 28), latent_dim=128, hidden_dim=128, n_classes=0):
        super().__init__(n_classes)
        h = hidden_dim
        self.model = nn.Sequential(
            nn.ConvTranspose2d(latent_dim + n_classes, 8 * h, 3, 1, 0, bias=False),  # 3x3
            nn.BatchNorm2d(8 * h),
            nn.ReLU(),
            nn.ConvTranspose2d(8 * h, 4 * h, 4, 2, 1, bias=False),  # 6x6
            nn.BatchNorm2d(4 * h),
            nn.ReLU(),
            nn.ConvTranspose2d(4 * h, 2 * h, 5, 2, 1, bias=False),  # 13x13
            nn.BatchNorm2d(2 * h),
            nn.ReLU(),
            nn.ConvTranspose2d(2 * h, shape[0], 6, 2, 1, bias=False),  # 28x28
            nn.Tanh(),
        )

    def forward(self, z, labels=None):
        return self.model(self.joined(z, labels)[:, :, None, None])


def norm_layer(norm: str, channels: int) -> nn.Module:
    """Batch norm, or what stands in its place; one group is a norm over height, width and channels of each sample."""
    if norm == "none":
        return nn.Identity()
    return nn.BatchNorm2d(channels) if norm == "batch" else nn.GroupNorm(1, channels)


class ConvCritic(Joined):
    def __init__(self, shape=(1, 28, 28), hidden_dim=128, n_classes=0, norm="batch"):
        super().__init__(n_classes)
        h = hidden_dim
        self.model = nn.Sequential(
            nn.Conv2d(shape[0] + n_classes, h, 4, 2, 1, bias=False),  # 14x14
            nn.LeakyReLU(0.2),
            nn.Conv2d(h, 2 * h, 4, 2, 1, bias=False),  # 7x7
            norm_layer(norm, 2 * h),
            nn.LeakyReLU(0.2),
            nn.Conv2d(2 * h, 4 * h, 4, 2, 1, bias=False),  # 3x3
            norm_layer(norm, 4 * h),
            nn.LeakyReLU(0.2),
            nn.Conv2d(4 * h, 1, 3, 1, 0, bias=False),  # 1x1
        )

    def forward(self, img, labels=None):
        return self.model(self.joined(img, labels)).view(-1, 1)


# Labs 003 (hidden 256, latent 5) and 004, section 11.1


class MlpGenerator(Joined):
    def __init__(self, shape=(2,), latent_dim=2, hidden_dim=128, n_classes=0, output="tanh"):
        super().__init__(n_classes)
        self.model = nn.Sequential(
            nn.Linear(latent_dim + n_classes, hidden_dim),
            nn.ReLU(),
            nn.Linear(hidden_dim, hidden_dim),
            nn.ReLU(),
            nn.Linear(hidden_dim, hidden_dim),
            nn.ReLU(),
            nn.Linear(hidden_dim, shape[0]),
            *([nn.Tanh()] if output == "tanh" else []),
        )

    def forward(self, z, labels=None):
        return self.model(self.joined(z, labels))


class MlpCritic(Joined):
    def __init__(self, shape=(2,), hidden_dim=128, n_classes=0):
        super().__init__(n_classes)
        self.model = nn.Sequential(
            nn.Linear(shape[0] + n_classes, hidden_dim),
            nn.ReLU(),
            nn.Linear(hidden_dim, hidden_dim),
            nn.ReLU(),
            nn.Linear(hidden_dim, hidden_dim),
            nn.ReLU(),
            nn.Linear(hidden_dim, 1),
        )

    def forward(self, x, labels=None):
        return self.model(self.joined(x, labels))


# The DCGAN paper, arXiv 1511.06434: figure 1 is the generator for 64 pixels with hidden_dim 128; weights N(0, .02^2)


def paper_init(module: nn.Module) -> None:
    if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
        nn.init.zeros_(module.bias)


DCGAN_WIDTHS = {
    28: (1, 2),
    32: (1, 2, 4),
    64: (1, 2, 4, 8),
    128: (1, 2, 4, 8, 8),
}  # in units of hidden_dim, finest first


class DcganGenerator(Joined):
    def __init__(self, shape=(3, 64, 64), latent_dim=100, hidden_dim=128, n_classes=0):
        super().__init__(n_classes)
        widths = [hidden_dim * width for width in reversed(DCGAN_WIDTHS[shape[1]])]
        side = shape[1] // 2 ** len(widths)
        self.coarse = (widths[0], side, side)
        self.project = nn.Linear(latent_dim + n_classes, math.prod(self.coarse))
        layers = [nn.BatchNorm2d(widths[0]), nn.ReLU()]
        for before, after in pairwise(widths):
            layers += [nn.ConvTranspose2d(before, after, 5, 2, 2, output_padding=1), nn.BatchNorm2d(after), nn.ReLU()]
        layers += [nn.ConvTranspose2d(widths[-1], shape[0], 5, 2, 2, output_padding=1), nn.Tanh()]
        self.model = nn.Sequential(*layers)
        self.apply(paper_init)

    def forward(self, z, labels=None):
        return self.model(self.project(self.joined(z, labels)).view(-1, *self.coarse))


class DcganCritic(Joined):
    def __init__(self, shape=(3, 64, 64), hidden_dim=128, n_classes=0, norm="batch"):
        super().__init__(n_classes)
        widths = [hidden_dim * width for width in DCGAN_WIDTHS[shape[1]]]
        side = shape[1] // 2 ** len(widths)
        layers = [nn.Conv2d(shape[0] + n_classes, widths[0], 5, 2, 2), nn.LeakyReLU(0.2)]
        for before, after in pairwise(widths):
            layers += [nn.Conv2d(before, after, 5, 2, 2), norm_layer(norm, after), nn.LeakyReLU(0.2)]
        self.model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(widths[-1] * side * side, 1))
        self.apply(paper_init)

    def forward(self, img, labels=None):
        return self.model(self.joined(img, labels))


class ProjectionCritic(nn.Module):
    """critic(x) + <v_y, features(x)> (arXiv 1802.05637, eq. 3); features: what the last layer sees, summed."""

    def __init__(self, critic: nn.Module, last: nn.Module, n_classes: int):
        super().__init__()
        self.critic = critic
        shape = last.weight.shape  # (1, features) or (1, features, height, width)
        self.weight = nn.Parameter(torch.empty(n_classes, shape[1]))
        nn.init.xavier_uniform_(self.weight)
        last.register_forward_pre_hook(self._keep)

    def _keep(self, module, inputs):
        self.features = inputs[0].sum((2, 3)) if inputs[0].ndim == 4 else inputs[0]

    def forward(self, x, labels):
        score = self.critic(x)
        return score + (self.weight[labels] * self.features).sum(1, keepdim=True)


GENERATORS = {
    "conv": ConvGenerator,
    "dcgan": DcganGenerator,
    "fc": FcGenerator,
    "lab_conv": LabConvGenerator,
    "mlp": MlpGenerator,
}
CRITICS = {
    "conv": ConvCritic,
    "dcgan": DcganCritic,
    "fc": FcCritic,
    "lab_conv": LabConvCritic,
    "mlp": MlpCritic,
}


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


# The labs' own loops. What they draw at random they take, in their order, from iterators: `randn`, `randint`, `rand`.


def lab000(generator, critic, loader: Iterable, randn, *, learning_rate, clip_value=0.01):
    """Lab 000, section 2: five critic steps on each batch, with fresh noise, then one generator step."""
    optim_g = torch.optim.RMSprop(generator.parameters(), lr=learning_rate)
    optim_d = torch.optim.RMSprop(critic.parameters(), lr=learning_rate)
    for real_images, _ in loader:
        for _ in range(5):
            real_output = critic(real_images)
            fake_images = generator(next(randn)).detach()
            fake_output = critic(fake_images)
            loss_d = -(torch.mean(real_output) - torch.mean(fake_output))
            optim_d.zero_grad()
            loss_d.backward()
            optim_d.step()
            for p in critic.parameters():
                p.data.clamp_(-clip_value, clip_value)
        fake_output = critic(generator(next(randn)))
        loss_g = -torch.mean(fake_output)
        optim_g.zero_grad()
        loss_g.backward()
        optim_g.step()


def lab002(generator, critic, loader: Iterable, randn, *, lr=0.0002):
    """Lab 002, section 2.2: one step each, fresh noise for the generator, BCELoss behind a sigmoid."""
    optimizer_g = torch.optim.Adam(generator.parameters(), lr=lr, betas=(0.5, 0.999))
    optimizer_d = torch.optim.Adam(critic.parameters(), lr=lr, betas=(0.5, 0.999))
    criterion = nn.BCELoss()
    for real_imgs, _ in loader:
        real_labels = torch.ones(real_imgs.size(0), 1, dtype=real_imgs.dtype)
        fake_labels = torch.zeros(real_imgs.size(0), 1, dtype=real_imgs.dtype)
        fake_imgs = generator(next(randn)).detach()
        real_loss = criterion(torch.sigmoid(critic(real_imgs)), real_labels)
        fake_loss = criterion(torch.sigmoid(critic(fake_imgs)), fake_labels)
        d_loss = real_loss + fake_loss
        optimizer_d.zero_grad()
        d_loss.backward()
        optimizer_d.step()
        fake_imgs = generator(next(randn))
        g_loss = criterion(torch.sigmoid(critic(fake_imgs)), real_labels)
        optimizer_g.zero_grad()
        g_loss.backward()
        optimizer_g.step()


def lab003(generator, critic, loader: Iterable, randn, *, generator_first: bool, lr=0.0002):
    """Lab 003, III.2: half the sum of both cross-entropies, RMSprop, the generator first or the critic first."""
    optimizer_g = torch.optim.RMSprop(generator.parameters(), lr=lr)
    optimizer_d = torch.optim.RMSprop(critic.parameters(), lr=lr)
    loss_fn = nn.BCELoss()

    def judge(batch):
        return torch.sigmoid(critic(batch))

    def train_critic(real_batch):
        gen_data = generator(next(randn))
        real_output, fake_output = judge(real_batch), judge(gen_data.detach())
        d_loss = (loss_fn(real_output, _ones(real_output)) + loss_fn(fake_output, _zeros(fake_output))) / 2
        optimizer_d.zero_grad()
        d_loss.backward()
        optimizer_d.step()

    def train_generator():
        output = judge(generator(next(randn)))
        g_loss = loss_fn(output, _ones(output))
        optimizer_g.zero_grad()
        g_loss.backward()
        optimizer_g.step()

    for real_batch, _ in loader:
        if generator_first:
            train_generator()
        train_critic(real_batch)
        if not generator_first:
            train_generator()


def lab004_conditional(generator, critic, loader: Iterable, randn, randint, rand, *, lambda_gp=10, lr=0.0002):
    """Lab 004, section 7: new labels for the same latents in the generator's step, which batches 0, 5, 10, ... make."""
    optimizer_g = torch.optim.Adam(generator.parameters(), lr=lr, betas=(0.0, 0.9))
    optimizer_d = torch.optim.Adam(critic.parameters(), lr=lr, betas=(0.0, 0.9))
    for i, (real_imgs, labels) in enumerate(loader):
        optimizer_d.zero_grad()
        z = next(randn)
        gen_labels = next(randint)
        fake_imgs = generator(z, gen_labels)
        real_validity = critic(real_imgs, labels)
        fake_validity = critic(fake_imgs.detach(), gen_labels)
        gradient_penalty = compute_gradient_penalty(critic, real_imgs.data, fake_imgs.data, next(rand), labels)
        d_loss = -torch.mean(real_validity) + torch.mean(fake_validity) + lambda_gp * gradient_penalty
        d_loss.backward()
        optimizer_d.step()
        n_critic = 5
        if i % n_critic == 0:
            optimizer_g.zero_grad()
            gen_labels = next(randint)
            gen_imgs = generator(z, gen_labels)
            fake_validity = critic(gen_imgs, gen_labels)
            g_loss = -torch.mean(fake_validity)
            g_loss.backward()
            optimizer_g.step()


def lab004_vanilla(generator, critic, loader: Iterable, randn):
    """Lab 004, section 11.1, train_vanilla_gan: the generator's step judges the critic step's fakes again."""
    optimizer_g = torch.optim.Adam(generator.parameters(), lr=0.0002, betas=(0.5, 0.999))
    optimizer_d = torch.optim.Adam(critic.parameters(), lr=0.0002, betas=(0.5, 0.999))
    adversarial_loss = nn.BCEWithLogitsLoss()
    for real_samples, _ in loader:
        optimizer_d.zero_grad()
        real_output = critic(real_samples)
        d_real_loss = adversarial_loss(real_output, _ones(real_output))
        fake_samples = generator(next(randn))
        fake_output = critic(fake_samples.detach())
        d_fake_loss = adversarial_loss(fake_output, _zeros(fake_output))
        d_loss = d_real_loss + d_fake_loss
        d_loss.backward()
        optimizer_d.step()
        optimizer_g.zero_grad()
        fake_output = critic(fake_samples)
        g_loss = adversarial_loss(fake_output, _ones(fake_output))
        g_loss.backward()
        optimizer_g.step()


def lab004_points(generator, critic, loader: Iterable, randn, rand, *, conditional: bool, lambda_gp=10):
    """Lab 004, section 11.1, train_wgan_gp and train_conditional_wgan_gp: fakes get the real labels, fresh latents."""
    optimizer_g = torch.optim.Adam(generator.parameters(), lr=0.0002, betas=(0.0, 0.9))
    optimizer_d = torch.optim.Adam(critic.parameters(), lr=0.0002, betas=(0.0, 0.9))
    for i, (real_samples, labels) in enumerate(loader):
        labels = labels if conditional else None
        optimizer_d.zero_grad()
        fake_samples = generator(next(randn), labels)
        real_validity = critic(real_samples, labels)
        fake_validity = critic(fake_samples.detach(), labels)
        gradient_penalty = compute_gradient_penalty(critic, real_samples, fake_samples, next(rand), labels)
        d_loss = -torch.mean(real_validity) + torch.mean(fake_validity) + lambda_gp * gradient_penalty
        d_loss.backward()
        optimizer_d.step()
        if i % 5 == 0:
            optimizer_g.zero_grad()
            gen_samples = generator(next(randn), labels)
            fake_validity = critic(gen_samples, labels)
            g_loss = -torch.mean(fake_validity)
            g_loss.backward()
            optimizer_g.step()


# Between jaxgan and PyTorch


def twins_of(setup, dtype=torch.float64, seed: int = 0):
    """The generator and the critic that a jaxgan Setup means, drawn with a seed."""
    torch.manual_seed(seed)
    config = setup.config
    *size, channels = setup.dataset.sample_shape
    shape = (channels, *size)
    n_classes = setup.dataset.n_classes if config.conditional else 0
    generator_options = {"output": config.output} if config.generator == "mlp" else {}
    critic_options = {"dropout": config.dropout} if config.critic == "fc" else {}
    if config.critic in ("conv", "dcgan"):
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
    return torch.tensor(x.transpose(0, 3, 1, 2).copy() if x.ndim == 4 else x, dtype=dtype)


def as_torch(draw, dtype=torch.float64):
    """A draw's arrays as tensors; its key stays behind."""
    names = ("real", "real_label", "latent", "fake_label", "epsilon")
    return draw._replace(key=None, **{name: tensor(getattr(draw, name), dtype) for name in names})


def lay_out(x: torch.Tensor) -> np.ndarray:
    """Samples as jaxgan has them, (B, C, H, W) -> (B, H, W, C)."""
    x = x.detach().numpy()
    return x.transpose(0, 2, 3, 1) if x.ndim == 4 else x


def optimizer_of(config):
    """PyTorch's constructor for a configuration's optimizer."""
    if config.optimizer == "adam" and config.beta1 == 0:
        return OPTIMIZERS["adam_0_9"]
    return OPTIMIZERS[config.optimizer]


def rules_of(setup) -> Rules:
    return Rules(setup.config.variant, **setup.numbers.game)
