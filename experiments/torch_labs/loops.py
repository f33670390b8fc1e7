"""The networks and training loops of labs 003 and 004 (section 11.1) in PyTorch, layer for layer and line for line as the labs have them."""

import itertools
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor, nn

Sampler = Callable[[int], np.ndarray]  # n -> points (n, 2), in the plane that the networks see


class Generator(nn.Module):
    """latent-h-h-h-2, ReLU, tanh; with classes their embedding is joined to the latent."""

    def __init__(self, latent_dim: int, hidden_dim: int, n_classes: int = 0):
        super().__init__()
        self.label_embedding = nn.Embedding(n_classes, n_classes) if n_classes else None
        self.model = nn.Sequential(*hidden_layers(latent_dim + n_classes, hidden_dim), nn.Linear(hidden_dim, 2), nn.Tanh())

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        return self.model(joined(z, self.label_embedding, labels))


class Critic(nn.Module):
    """2-h-h-h-1, ReLU; with classes their embedding is joined to the point."""

    def __init__(self, hidden_dim: int, n_classes: int = 0):
        super().__init__()
        self.label_embedding = nn.Embedding(n_classes, n_classes) if n_classes else None
        self.model = nn.Sequential(*hidden_layers(2 + n_classes, hidden_dim), nn.Linear(hidden_dim, 1))

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        return self.model(joined(x, self.label_embedding, labels))


def hidden_layers(inputs: int, hidden_dim: int) -> list[nn.Module]:
    widths = [inputs, hidden_dim, hidden_dim, hidden_dim]
    return [layer for a, b in itertools.pairwise(widths) for layer in (nn.Linear(a, b), nn.ReLU())]


def joined(x: Tensor, embedding: nn.Embedding | None, labels: Tensor) -> Tensor:
    return x if embedding is None else torch.cat([x, embedding(labels)], dim=1)


def batches(points: np.ndarray, labels: np.ndarray, size: int) -> Iterator[tuple[Tensor, Tensor]]:
    """One epoch as a shuffling DataLoader gives it, the last batch smaller."""
    rows = torch.randperm(len(points))
    x, y = torch.tensor(points), torch.tensor(labels, dtype=torch.long)
    for start in range(0, len(points), size):
        chosen = rows[start : start + size]
        yield x[chosen], y[chosen]


def gradient_penalty(critic: nn.Module, real: Tensor, fake: Tensor, labels: Tensor) -> Tensor:
    """The mean of (|grad critic| - 1)^2 between real and generated points."""
    alpha = torch.rand(len(real), 1)
    between = (alpha * real + (1 - alpha) * fake.detach()).requires_grad_(True)
    scores = critic(between, labels)
    (gradients,) = torch.autograd.grad(scores, between, torch.ones_like(scores), create_graph=True)
    return ((gradients.norm(2, dim=1) - 1) ** 2).mean()


def cross_entropy(scores: Tensor, target: float) -> Tensor:
    return nn.functional.binary_cross_entropy_with_logits(scores, torch.full_like(scores, target))


def lab003(
    variant: str,
    points: np.ndarray,
    seed: int,
    *,
    epochs: int = 200,
    batch_size: int = 500,
    weight: float = 0.001,
    clip: float = 0.1,
) -> Sampler:
    """Lab 003 (III.2, IV.2): RMSprop 2e-4, one step each, the critic first; the GAN's two losses halved, its fakes shared by both steps."""
    torch.manual_seed(seed)
    labels = np.zeros(len(points), np.int64)
    generator, critic = Generator(5, 256), Critic(256)
    optimizer_g, optimizer_d = (torch.optim.RMSprop(m.parameters(), lr=2e-4) for m in (generator, critic))
    for _ in range(epochs):
        for real, y in batches(points, labels, batch_size):
            fake = generator(torch.randn(len(real), 5), y)
            if variant == "gan":
                d_loss = (cross_entropy(critic(real, y), 1) + cross_entropy(critic(fake.detach(), y), 0)) / 2
            else:
                d_loss = critic(fake.detach(), y).mean() - critic(real, y).mean()
            if variant == "wgan_gp":
                d_loss = d_loss + weight * gradient_penalty(critic, real, fake, y)
            optimizer_d.zero_grad()
            d_loss.backward()
            optimizer_d.step()
            if variant == "wgan":
                for p in critic.parameters():
                    p.data.clamp_(-clip, clip)
            if variant != "gan":
                fake = generator(torch.randn(len(real), 5), y)
            g_loss = cross_entropy(critic(fake, y), 1) if variant == "gan" else -critic(fake, y).mean()
            optimizer_g.zero_grad()
            g_loss.backward()
            optimizer_g.step()
    return sampler_of(generator, 5, 1)


def lab004(
    variant: str, points: np.ndarray, labels: np.ndarray, n_classes: int, seed: int, *, epochs: int = 500, batch_size: int = 128
) -> Sampler:
    """Lab 004 (11.1): the plain GAN scores the same fakes again; WGAN-GP makes a generator step in batches 0, 5, 10, ... of each epoch."""
    torch.manual_seed(seed)
    classes = n_classes if variant == "conditional" else 0
    generator, critic = Generator(2, 128, classes), Critic(128, classes)
    betas = (0.5, 0.999) if variant == "gan" else (0.0, 0.9)
    optimizer_g, optimizer_d = (torch.optim.Adam(m.parameters(), lr=2e-4, betas=betas) for m in (generator, critic))
    for _ in range(epochs):
        for i, (real, y) in enumerate(batches(points, labels, batch_size)):
            optimizer_d.zero_grad()
            fake = generator(torch.randn(len(real), 2), y)
            if variant == "gan":
                d_loss = cross_entropy(critic(real, y), 1) + cross_entropy(critic(fake.detach(), y), 0)
            else:
                d_loss = critic(fake.detach(), y).mean() - critic(real, y).mean() + 10 * gradient_penalty(critic, real, fake, y)
            d_loss.backward()
            optimizer_d.step()
            if variant != "gan" and i % 5:
                continue
            optimizer_g.zero_grad()
            if variant == "gan":
                g_loss = cross_entropy(critic(fake, y), 1)
            else:
                g_loss = -critic(generator(torch.randn(len(real), 2), y), y).mean()
            g_loss.backward()
            optimizer_g.step()
    return sampler_of(generator, 2, n_classes)


def sampler_of(generator: Generator, latent_dim: int, n_classes: int) -> Sampler:
    """What draws points from a trained generator, the classes in turn."""

    def sample(n: int) -> np.ndarray:
        with torch.no_grad():
            return generator(torch.randn(n, latent_dim), torch.arange(n) % n_classes).numpy()

    return sample
