"""The text of what an exported PyTorch file holds beside its generator's own class."""

HEADER = '''
"""{name}: a generator trained by jaxgan. Needs torch alone.

    generator = load()                                  # in evaluation form
    samples = generator(torch.randn(16, {latent_dim}))

Latents are standard normal, float32 (B, {latent_dim}){labels}. Samples are float32 (B, {shape}), channels first.
"""

import json
import pathlib

import torch
from torch import nn
'''

CROP = '''
class Crop(nn.Module):
    """The first of the numbers along each axis."""

    def __init__(self, size):
        super().__init__()
        self.size = size

    def forward(self, x):
        return x[(slice(None), slice(None), *map(slice, self.size))]
'''

GENERATIVE_BASIS = '''
class GenerativeBasis(nn.Module):
    """Learnt images, one a channel, each times a number that is linear in the latent."""

    def __init__(self, inputs, channels, size):
        super().__init__()
        self.basis = nn.Parameter(torch.empty(channels, *size))
        self.linear = nn.Linear(inputs, channels, bias=False)

    def forward(self, x):
        return self.linear(x)[:, :, None, None] * self.basis
'''

RESIDUAL_BLOCK = '''
class ResidualBlock(nn.Module):
    """x + conv3(act(conv2(act(conv1(x))))), leaky ReLU .2."""

    def __init__(self, channels, wide, groups):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, wide, 1)
        self.conv2 = nn.Conv2d(wide, wide, 3, padding=1, groups=groups)
        self.conv3 = nn.Conv2d(wide, channels, 1, bias=False)

    def forward(self, x):
        y = nn.functional.leaky_relu(self.conv1(x), 0.2)
        y = nn.functional.leaky_relu(self.conv2(y), 0.2)
        return x + self.conv3(y)
'''

UPSAMPLE = '''
class Upsample(nn.Module):
    """A 1x1 convolution where the channels change; twice the size, bilinear with zeros beyond the border; cropped."""

    def __init__(self, before, after, size):
        super().__init__()
        self.size = size
        self.conv = nn.Conv2d(before, after, 1, bias=False) if before != after else nn.Identity()
        window = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 4
        self.register_buffer("kernel", torch.outer(window, window).repeat(after, 1, 1, 1), persistent=False)

    def forward(self, x):
        x = self.conv(x)
        x = nn.functional.conv_transpose2d(x, self.kernel, stride=2, padding=1, groups=x.shape[1])
        return x[:, :, : self.size[0], : self.size[1]]
'''

RESIDUAL = '''
class Residual(nn.Module):
    """Twice the size: a convolution, beside batch norm, ReLU and convolution twice."""

    def __init__(self, before, after):
        super().__init__()
        self.residual_0 = nn.BatchNorm2d(before)
        self.residual_3 = nn.Conv2d(before, after, 3, padding=1)
        self.residual_4 = nn.BatchNorm2d(after)
        self.residual_6 = nn.Conv2d(after, after, 3, padding=1)
        self.shortcut_1 = nn.Conv2d(before, after, 1)
        self.up = nn.Upsample(scale_factor=2)

    def forward(self, x):
        y = self.residual_3(self.up(torch.relu(self.residual_0(x))))
        y = self.residual_6(torch.relu(self.residual_4(y)))
        return self.shortcut_1(self.up(x)) + y
'''

BLOCKS = {
    "Crop": CROP,
    "GenerativeBasis": GENERATIVE_BASIS,
    "Residual": RESIDUAL,
    "ResidualBlock": RESIDUAL_BLOCK,
    "Upsample": UPSAMPLE,
}

MIXTURE = '''
class Mixture(nn.Module):
    """Several generators: sample i is made by generator i modulo their number."""

    def __init__(self, generators):
        super().__init__()
        self.generators = nn.ModuleList(generators)

    def forward(self, latent, *labels):
        k = len(self.generators)
        made = [g(latent[i::k], *(x[i::k] for x in labels)) for i, g in enumerate(self.generators)]
        rows = torch.arange(len(latent), device=latent.device)
        order = torch.cat([rows[i::k] for i in range(k)])  # place j of what is made is sample order[j]
        return torch.cat(made)[order.argsort()]
'''

LOADER = '''
DTYPES = {{"F32": torch.float32, "I64": torch.int64}}


def state_dict(path):
    """What a file in the format safetensors holds: a header in JSON after its length in 8 bytes, then the numbers."""
    content = bytearray(pathlib.Path(path).read_bytes())
    begin = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:begin])
    return {{
        name: torch.frombuffer(content[begin + one["data_offsets"][0] : begin + one["data_offsets"][1]], dtype=DTYPES[one["dtype"]])
        .reshape(one["shape"])
        .clone()
        for name, one in header.items()
        if name != "__metadata__"
    }}


def load(path=pathlib.Path(__file__).with_name("{weights}")):
    """The generator with its trained weights, in evaluation form."""
    generator = {make}
    generator.load_state_dict(state_dict(path))
    return generator.eval()


if __name__ == "__main__":
    print(load())
'''
