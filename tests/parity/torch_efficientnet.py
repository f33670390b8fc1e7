"""EfficientNet-Lite0 in PyTorch, written from its published rows."""

import torch

# Blocks, kernel, stride, expansion, inputs, outputs: the rows of efficientnet/lite/efficientnet_lite_builder.py, r1_k3_s11_e1_i32_o16 ...
ROWS = [(1, 3, 1, 1, 32, 16), (2, 3, 2, 6, 16, 24), (2, 5, 2, 6, 24, 40), (3, 3, 2, 6, 40, 80), (3, 5, 1, 6, 80, 112),
        (4, 5, 2, 6, 112, 192), (1, 3, 1, 6, 192, 320)]  # fmt: skip


class Same(torch.nn.Conv2d):
    """TensorFlow's padding: as much as keeps ceil(side / stride) positions, the odd one below and to the right."""

    def forward(self, x):
        pads = []
        for side, kernel, stride in zip(x.shape[:1:-1], self.kernel_size[::-1], self.stride[::-1], strict=True):
            whole = max((-(-side // stride) - 1) * stride + kernel - side, 0)
            pads += [whole // 2, whole - whole // 2]
        return super().forward(torch.nn.functional.pad(x, pads))


def norm(features):
    return torch.nn.BatchNorm2d(features, eps=1e-3)


class TorchBlock(torch.nn.Module):
    def __init__(self, kernel, stride, expansion, inputs, outputs):
        super().__init__()
        wide = inputs * expansion
        if expansion > 1:
            self._expand_conv, self._bn0 = Same(inputs, wide, 1, bias=False), norm(wide)
        self._depthwise_conv, self._bn1 = Same(wide, wide, kernel, stride, groups=wide, bias=False), norm(wide)
        self._project_conv, self._bn2 = Same(wide, outputs, 1, bias=False), norm(outputs)
        self.added = stride == 1 and inputs == outputs

    def forward(self, x):
        y = torch.nn.functional.relu6(self._bn0(self._expand_conv(x))) if hasattr(self, "_expand_conv") else x
        y = torch.nn.functional.relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        return x + y if self.added else y


class TorchLite0(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self._conv_stem, self._bn0 = Same(3, 32, 3, 2, bias=False), norm(32)
        self._blocks = torch.nn.ModuleList(
            TorchBlock(kernel, stride if place == 0 else 1, expansion, inputs if place == 0 else outputs, outputs)
            for blocks, kernel, stride, expansion, inputs, outputs in ROWS
            for place in range(blocks)
        )
        self._conv_head, self._bn1 = Same(320, 1280, 1, bias=False), norm(1280)
        self._fc = torch.nn.Linear(1280, 1000)

    def forward(self, x):
        x = torch.nn.functional.relu6(self._bn0(self._conv_stem(x)))
        for block in self._blocks:
            x = block(x)
        features = torch.nn.functional.relu6(self._bn1(self._conv_head(x))).mean((2, 3))
        return features, self._fc(features)


def random_network() -> TorchLite0:
    """Random weights and statistics, in evaluation mode."""
    torch.manual_seed(0)
    network = TorchLite0()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            for statistics, low, high in (("running_mean", -0.2, 0.2), ("running_var", 0.5, 1.5)):
                getattr(module, statistics).uniform_(low, high)
            torch.nn.init.uniform_(module.weight, 0.7, 1.4)
            torch.nn.init.uniform_(module.bias, -0.2, 0.2)
        elif isinstance(module, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(module.weight)
    return network.eval()
