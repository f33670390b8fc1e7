"""The labs' networks in PyTorch, written from the labs' text.

Images are (B, C, H, W) here. Attribute names are the labs', so state dicts carry their names. Critics end in raw
scores, of shape (B, 1). Widths are parameters; the defaults are the labs' own. Without classes labels are ignored.
"""

import itertools
import math
from itertools import pairwise

import torch
from torch import nn


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
        if x.ndim > 2:
            embedded = embedded.reshape(*embedded.shape, *[1] * (x.ndim - 2)).expand(-1, -1, *x.shape[2:])
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


# The same for other sizes: as many layers as halve the picture to no less than 3, of the windows 4, 5 and 6 that the lab has


def conv_windows(side: int, n: int) -> tuple:
    """The first of all windows, in their order as numbers, by which n layers make `side` of what n halvings leave of it."""
    for windows in itertools.product((4, 5, 6), repeat=n):
        made = side >> n
        for window in windows:
            made = 2 * made - 4 + window
        if made == side:
            return windows
    raise AssertionError(side)


class AnyConvGenerator(Joined):
    def __init__(self, shape, latent_dim=128, hidden_dim=128, n_classes=0):
        super().__init__(n_classes)
        channels, *size = shape
        n = max(n for n in range(1, 9) if n == 1 or min(size) >> n >= 3)
        windows = list(zip(*(conv_windows(side, n) for side in size), strict=True))
        widths = [hidden_dim * min(2**i, 8) for i in range(n, 0, -1)] + [channels]
        layers = [nn.ConvTranspose2d(latent_dim + n_classes, widths[0], tuple(side >> n for side in size), bias=False)]
        for (before, after), window in zip(pairwise(widths), windows, strict=True):
            layers += [nn.BatchNorm2d(before), nn.ReLU(), nn.ConvTranspose2d(before, after, window, 2, 1, bias=False)]
        self.model = nn.Sequential(*layers, nn.Tanh())

    def forward(self, z, labels=None):
        return self.model(self.joined(z, labels)[:, :, None, None])


class AnyConvCritic(Joined):
    def __init__(self, shape, hidden_dim=128, n_classes=0, norm="batch"):
        super().__init__(n_classes)
        channels, *size = shape
        before, layers, width = channels + n_classes, [], hidden_dim
        while not layers or min(size) // 2 >= 3:
            of_norm = [norm_layer(norm, width)] if layers else []
            layers += [nn.Conv2d(before, width, 4, 2, 1, bias=False), *of_norm, nn.LeakyReLU(0.2)]
            before, width, size = width, min(2 * width, 8 * hidden_dim), [side // 2 for side in size]
        self.model = nn.Sequential(*layers, nn.Conv2d(before, 1, tuple(size), bias=False))

    def forward(self, img, labels=None):
        return self.model(self.joined(img, labels)).view(-1, 1)


def conv_generator(shape=(1, 28, 28), **options):
    """The lab's where it is for such pictures."""
    return (ConvGenerator if shape[1:] == (28, 28) else AnyConvGenerator)(shape, **options)


def conv_critic(shape=(1, 28, 28), **options):
    return (ConvCritic if shape[1:] == (28, 28) else AnyConvCritic)(shape, **options)


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


LAYERS = {
    1: (nn.Conv1d, nn.ConvTranspose1d, nn.BatchNorm1d),
    2: (nn.Conv2d, nn.ConvTranspose2d, nn.BatchNorm2d),
    3: (nn.Conv3d, nn.ConvTranspose3d, nn.BatchNorm3d),
}


def paper_init(module: nn.Module) -> None:
    if isinstance(module, (nn.Linear, *(kind for kinds in LAYERS.values() for kind in kinds[:2]))):
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


# The same for other sizes, for series and for volumes (windows 4x4x4, as 3D-GAN's)


class Crop(nn.Module):
    def __init__(self, size: tuple):
        super().__init__()
        self.size = size

    def forward(self, x):
        return x[(slice(None), slice(None), *map(slice, self.size))]


class Evened(nn.Module):
    def forward(self, x):
        return nn.functional.pad(x, [pad for side in reversed(x.shape[2:]) for pad in (0, side % 2)])


def halvings(size: tuple) -> list:
    sizes = [size, tuple((side + 1) // 2 for side in size)]
    while min(sizes[-1]) > 7:
        sizes.append(tuple((side + 1) // 2 for side in sizes[-1]))
    return sizes


class Upsampled:
    """Mixed into a convolution: by a window of 3, of what is made twice as large, each number repeated."""

    def __init__(self, before, after):
        super().__init__(before, after, 3, padding=1)

    def forward(self, x):
        return super().forward(nn.functional.interpolate(x, scale_factor=2, mode="nearest"))


UPSAMPLED = {axes: type(f"Upsampled{axes}d", (Upsampled, kinds[0]), {}) for axes, kinds in LAYERS.items()}


class AnyGenerator(Joined):
    def __init__(self, shape, latent_dim=100, hidden_dim=128, n_classes=0, upsampling="transposed"):
        super().__init__(n_classes)
        _, transposed, norm = LAYERS[len(shape) - 1]
        window = (4, 2, 1) if len(shape) == 4 else (5, 2, 2, 1)
        if upsampling == "nearest":
            transposed, window = UPSAMPLED[len(shape) - 1], ()
        sizes = halvings(shape[1:])
        widths = [shape[0]] + [hidden_dim * min(2**i, 8) for i in range(len(sizes) - 1)]
        self.coarse = (widths[-1], *sizes[-1])
        self.project = nn.Linear(latent_dim + n_classes, math.prod(self.coarse))
        layers = []
        for i in reversed(range(len(sizes) - 1)):
            layers += [norm(widths[i + 1]), nn.ReLU(), transposed(widths[i + 1], widths[i], *window)]
            if tuple(2 * side for side in sizes[i + 1]) != sizes[i]:
                layers.append(Crop(sizes[i]))
        self.model = nn.Sequential(*layers, nn.Tanh())
        self.apply(paper_init)

    def forward(self, z, labels=None):
        return self.model(self.project(self.joined(z, labels)).view(-1, *self.coarse))


class AnyCritic(Joined):
    def __init__(self, shape, hidden_dim=128, n_classes=0, norm="batch"):
        super().__init__(n_classes)
        conv, _, batch_norm = LAYERS[len(shape) - 1]
        window = (4, 2, 1) if len(shape) == 4 else (5, 2, 2)
        sizes = halvings(shape[1:])
        before, layers = shape[0] + n_classes, []
        for i, size in enumerate(sizes[:-1]):
            width = hidden_dim * min(2**i, 8)
            if len(shape) == 4 and any(side % 2 for side in size):
                layers.append(Evened())
            layers.append(conv(before, width, *window))
            if i:
                layers.append({"none": nn.Identity(), "batch": batch_norm(width), "layer": nn.GroupNorm(1, width)}[norm])
            layers.append(nn.LeakyReLU(0.2))
            before = width
        self.model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(before * math.prod(sizes[-1]), 1))
        self.apply(paper_init)

    def forward(self, x, labels=None):
        return self.model(self.joined(x, labels))


def dcgan_generator(shape=(3, 64, 64), **options):
    plain = shape[1] == shape[2] in DCGAN_WIDTHS and "upsampling" not in options
    return (DcganGenerator if plain else AnyGenerator)(shape, **options)


def dcgan_critic(shape=(3, 64, 64), **options):
    return (DcganCritic if shape[1] == shape[2] in DCGAN_WIDTHS else AnyCritic)(shape, **options)


# R3GAN, arXiv 2501.05441, section 4, config E


def scaled_normal_(layer: nn.Module, gain: float = 1.0) -> nn.Module:
    nn.init.normal_(layer.weight, 0.0, gain / math.sqrt(layer.weight[0].numel()))
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def bilinear_kernel(channels: int) -> torch.Tensor:
    one = torch.tensor([1.0, 3.0, 3.0, 1.0], dtype=torch.float64) / 8
    return torch.outer(one, one).expand(channels, 1, 4, 4)


class R3ganBlock(nn.Module):
    def __init__(self, channels: int, n_blocks: int):
        super().__init__()
        gain = math.sqrt(2 / 1.04) * n_blocks**-0.25
        self.conv1 = scaled_normal_(nn.Conv2d(channels, 2 * channels, 1), gain)
        self.conv2 = scaled_normal_(nn.Conv2d(2 * channels, 2 * channels, 3, padding=1, groups=2 * channels // 16), gain)
        self.conv3 = scaled_normal_(nn.Conv2d(2 * channels, channels, 1, bias=False), 0.0)

    def forward(self, x):
        y = nn.functional.leaky_relu(self.conv1(x), 0.2)
        y = nn.functional.leaky_relu(self.conv2(y), 0.2)
        return x + self.conv3(y)


class R3ganUpsample(nn.Module):
    def __init__(self, before: int, after: int, size: tuple):
        super().__init__()
        self.size = size
        if before != after:
            self.conv = scaled_normal_(nn.Conv2d(before, after, 1, bias=False))

    def forward(self, x):
        x = self.conv(x) if hasattr(self, "conv") else x
        kernel = 4 * bilinear_kernel(x.shape[1]).to(x.dtype)
        x = nn.functional.conv_transpose2d(x, kernel, stride=2, padding=1, groups=x.shape[1])
        return x[:, :, : self.size[0], : self.size[1]]


class R3ganDownsample(nn.Module):
    def __init__(self, before: int, after: int):
        super().__init__()
        if before != after:
            self.conv = scaled_normal_(nn.Conv2d(before, after, 1, bias=False))

    def forward(self, x):
        x = nn.functional.pad(x, (0, x.shape[3] % 2, 0, x.shape[2] % 2))
        x = nn.functional.conv2d(x, bilinear_kernel(x.shape[1]).to(x.dtype), stride=2, padding=1, groups=x.shape[1])
        return self.conv(x) if hasattr(self, "conv") else x


class R3ganDiscriminativeBasis(nn.Conv2d):
    """A depthwise convolution to 1x1."""

    def __init__(self, channels: int, size: tuple):
        super().__init__(channels, channels, size, groups=channels, bias=False)
        scaled_normal_(self)

    def forward(self, x):
        return super().forward(x).flatten(1)


class R3ganGenerativeBasis(nn.Module):
    def __init__(self, latent_dim: int, channels: int, size: tuple):
        super().__init__()
        self.basis = nn.Parameter(torch.randn(channels, *size))
        self.linear = scaled_normal_(nn.Linear(latent_dim, channels, bias=False))

    def forward(self, z):
        return self.linear(z)[:, :, None, None] * self.basis


def r3gan_stages(size: tuple, hidden_dim: int) -> list:
    """(size, channels) from the finest on; for no more than 32 pixels all are equally wide, at 64 the finest is half as wide."""
    sizes = [size]
    while min(sizes[-1]) >= 8:
        sizes.append(tuple((side + 1) // 2 for side in sizes[-1]))
    return [(size, hidden_dim // 2 if max(size) > 32 else hidden_dim) for size in sizes]


class R3ganGenerator(Joined):
    def __init__(self, shape=(3, 32, 32), latent_dim=64, hidden_dim=64, n_classes=0):
        super().__init__(n_classes)
        *finer, (size, channels) = r3gan_stages(shape[1:], hidden_dim)
        n_blocks = 2 * len(finer) + 2
        layers = [R3ganGenerativeBasis(latent_dim + n_classes, channels, size)]
        layers += [R3ganBlock(channels, n_blocks), R3ganBlock(channels, n_blocks)]
        for size, after in reversed(finer):
            layers += [R3ganUpsample(channels, after, size), R3ganBlock(after, n_blocks), R3ganBlock(after, n_blocks)]
            channels = after
        self.model = nn.Sequential(*layers, scaled_normal_(nn.Conv2d(channels, shape[0], 1, bias=False)))

    def forward(self, z, labels=None):
        return self.model(self.joined(z, labels))


class R3ganCritic(Joined):
    def __init__(self, shape=(3, 32, 32), hidden_dim=64, n_classes=0):
        super().__init__(n_classes)
        (_, channels), *coarser = r3gan_stages(shape[1:], hidden_dim)
        n_blocks = 2 * len(coarser) + 2
        size, _ = coarser[-1]
        layers = [scaled_normal_(nn.Conv2d(shape[0] + n_classes, channels, 1, bias=False))]
        for _, after in coarser:
            layers += [R3ganBlock(channels, n_blocks), R3ganBlock(channels, n_blocks), R3ganDownsample(channels, after)]
            channels = after
        layers += [R3ganBlock(channels, n_blocks), R3ganBlock(channels, n_blocks)]
        layers += [R3ganDiscriminativeBasis(channels, size), scaled_normal_(nn.Linear(channels, 1, bias=False))]
        self.model = nn.Sequential(*layers)

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
    "conv": conv_generator,
    "conv1d": AnyGenerator,
    "conv3d": AnyGenerator,
    "dcgan": dcgan_generator,
    "fc": FcGenerator,
    "lab_conv": LabConvGenerator,
    "mlp": MlpGenerator,
    "r3gan": R3ganGenerator,
}
CRITICS = {
    "conv": conv_critic,
    "conv1d": AnyCritic,
    "conv3d": AnyCritic,
    "dcgan": dcgan_critic,
    "fc": FcCritic,
    "lab_conv": LabConvCritic,
    "mlp": MlpCritic,
    "r3gan": R3ganCritic,
}
