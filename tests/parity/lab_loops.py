"""The labs' own training loops in PyTorch. What they draw at random they take, in their order, from iterators: `randn`, `randint`, `rand`."""

from collections.abc import Iterable

import torch
from torch import nn

from tests.parity.twins import _ones, _zeros, compute_gradient_penalty


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
    """Lab 003, III.2: half the sum of both cross-entropies, RMSprop; the critic first, whose fake samples the generator's loss is of too.

    With the generator first each step has noise of its own, as jaxgan has it with `generator_latent="fresh"`.
    """
    optimizer_g = torch.optim.RMSprop(generator.parameters(), lr=lr)
    optimizer_d = torch.optim.RMSprop(critic.parameters(), lr=lr)
    loss_fn = nn.BCELoss()

    def score_of(batch):
        return torch.sigmoid(critic(batch))

    def train_critic(real_batch, gen_data):
        real_output, fake_output = score_of(real_batch), score_of(gen_data.detach())
        d_loss = (loss_fn(real_output, _ones(real_output)) + loss_fn(fake_output, _zeros(fake_output))) / 2
        optimizer_d.zero_grad()
        d_loss.backward()
        optimizer_d.step()

    def train_generator(gen_data):
        output = score_of(gen_data)
        g_loss = loss_fn(output, _ones(output))
        optimizer_g.zero_grad()
        g_loss.backward()
        optimizer_g.step()

    for real_batch, _ in loader:
        if generator_first:
            train_generator(generator(next(randn)))
        gen_data = generator(next(randn))
        train_critic(real_batch, gen_data)
        if not generator_first:
            train_generator(gen_data)


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
    """Lab 004, section 11.1, train_vanilla_gan: the generator's step scores the critic step's fakes again."""
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
