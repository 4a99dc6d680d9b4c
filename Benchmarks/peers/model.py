"""QKFormer for inference in plain PyTorch: the families `imagenet`, `cifar` and `dvs`, scope `sample`.

Zhou et al., "QKFormer: Hierarchical Spiking Transformer using Q-K Attention" (arXiv 2403.16552).
Parameters carry the names and shapes of the released models. Between modules an activation has the shape
[T*B, C, H, W], time step by time step.

Two forms of the same network:
  as defined   convolution, batch norm and neuron are modules of their own
  `folded()`   batch norm is folded into the convolution's weights, tokens stay images, neurons work in place
"""
import copy

import torch
from torch import nn

CONFIGURATIONS = {
    "HST-10-384": dict(
        family="imagenet", preset="qkformer-10-384-t4-r224.in1k", shape=(3, 224, 224), classes=1000, steps=4,
        widths=(96, 192, 384), blocks=(1, 2, 7), heads=6, ratio=4, mixers=("qkta", "qkta", "ssa")),
    "HST-10-768": dict(
        family="imagenet", preset="qkformer-10-768-t4-r224.in1k", shape=(3, 224, 224), classes=1000, steps=4,
        widths=(192, 384, 768), blocks=(1, 2, 7), heads=12, ratio=4, mixers=("qkta", "qkta", "ssa")),
    "CIFAR-HST-4-384": dict(
        family="cifar", preset="qkformer-4-384-t4-r32.cifar100", shape=(3, 32, 32), classes=100, steps=4,
        widths=(96, 192, 384), blocks=(1, 1, 2), heads=8, ratio=4, mixers=("qkta", "qkta", "ssa")),
    "DVS-HST-2-256": dict(
        family="dvs", preset="qkformer-2-256-t16-r128.cifar10dvs", shape=(2, 128, 128), classes=10, steps=16,
        widths=(128, 256), blocks=(1, 1), heads=16, ratio=1, mixers=("qkta", "ssa")),
}

# By family: names of the first and of later embeddings' units, which of them pool, the unit whose input (first) the
# shortcut reads, the first shortcut's stride; the names of self-attention and of the MLP's halves.
FAMILIES = {
    "imagenet": (("proj", "proj1", "proj2"), (0, 1), ("proj3", "proj4"), (0,), 1, 2, "attn", ("fc1", "fc2")),
    "cifar": (("proj", "proj1"), (), ("proj3", "proj4"), (1,), 1, 1, "ssa", ("mlp1", "mlp2")),
    "dvs": (("proj", "proj1", "proj2", "proj3"), (1, 2, 3), ("proj", "proj4"), (1,), 2, 4, "ssa", ("mlp1", "mlp2")),
}


class Units(nn.Module):
    """Convolution, batch norm, max pooling where there is one, LIF; registered as <name>_conv and <name>_bn."""

    in_place = False

    def __init__(self, steps):
        super().__init__()
        self.steps = steps

    def add_unit(self, name, inputs, outputs, kernel=1, stride=1, bias=False, tokens=False):
        if tokens:
            conv, norm = nn.Conv1d(inputs, outputs, 1, bias=bias), nn.BatchNorm1d(outputs)
        else:
            conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=bias)
            norm = nn.BatchNorm2d(outputs)
        self.add_module(f"{name}_conv", conv)
        self.add_module(f"{name}_bn", norm)

    def unit(self, name, x, pool=False, constant=False):
        conv = getattr(self, f"{name}_conv")
        shape = x.shape[2:]
        if isinstance(conv, nn.Conv1d):
            x = x.flatten(2)
        x = getattr(self, f"{name}_bn")(conv(x))
        if isinstance(conv, nn.Conv1d):
            x = x.unflatten(2, shape)
        if pool:
            x = nn.functional.max_pool2d(x, 3, 2, 1)
        return self.fire(x, 1.0, constant)

    def fire(self, x, threshold, constant=False):
        """Leaky integrate-and-fire, tau 2, hard reset to 0; `constant`: the same current at every step."""
        if self.in_place:
            return fire_in_place(x, self.steps, threshold, constant)
        currents = [x] * self.steps if constant else x.chunk(self.steps)
        potential, spikes = None, []
        for current in currents:
            potential = current * 0.5 if potential is None else (potential + current) * 0.5
            spike = (potential >= threshold).to(x.dtype)
            potential = potential * (1 - spike)
            spikes.append(spike)
        return torch.cat(spikes)


def fire_in_place(x, steps, threshold, constant):
    """As `fire`, three passes over memory for each step, nothing allocated but the spikes."""
    batch = x.shape[0] if constant else x.shape[0] // steps
    spikes = torch.empty(
        (steps * batch, *x.shape[1:]), dtype=x.dtype,
        memory_format=torch.channels_last if x.dim() == 4 else torch.contiguous_format)
    potential = None
    for step, spike in enumerate(spikes.chunk(steps)):
        current = x if constant else x[step * batch:(step + 1) * batch]
        potential = current * 0.5 if potential is None else potential.lerp_(current, 0.5)
        torch.ge(potential, threshold, out=spike)
        potential.addcmul_(potential, spike, value=-1)
    return spikes


class Embedding(Units):
    def __init__(self, steps, names, widths, pooling, shortcut_at, shortcut_stride, real):
        super().__init__(steps)
        self.names, self.pooling, self.shortcut_at, self.real = names, pooling, shortcut_at, real
        for name, inputs, outputs in zip(names, widths, widths[1:]):
            self.add_unit(name, inputs, outputs, kernel=3)
        self.add_unit("proj_res", widths[shortcut_at], widths[-1], stride=shortcut_stride)

    def forward(self, x):
        points = [x]
        for index, name in enumerate(self.names):
            # A picture is convolved once and its current repeated.
            constant = self.real == "image" and index == 0
            points.append(self.unit(name, points[-1], index in self.pooling, constant))
        return points[-1] + self.unit("proj_res", points[self.shortcut_at])


class TokenAttention(Units):
    """Q-K token attention: a head's token passes K on if any of its Q channels fires."""

    def __init__(self, steps, width, heads):
        super().__init__(steps)
        self.heads = heads
        for name in "qk":
            self.add_unit(name, width, width, tokens=True)
        self.add_unit("proj", width, width, bias=True, tokens=True)

    def forward(self, x):
        q, k = self.unit("q", x), self.unit("k", x)
        mask = self.fire(q.unflatten(1, (self.heads, -1)).sum(2), 0.5)
        return self.unit("proj", (mask.unsqueeze(2) * k.unflatten(1, (self.heads, -1))).flatten(1, 2))


class SelfAttention(Units):
    """Q (K^T V) / 8, without softmax."""

    def __init__(self, steps, width, heads):
        super().__init__(steps)
        self.heads = heads
        for name in "qkv":
            self.add_unit(name, width, width, tokens=True)
        self.add_unit("proj", width, width, bias=True, tokens=True)

    def forward(self, x):
        q, k, v = (self.unit(name, x).flatten(2).unflatten(1, (self.heads, -1)) for name in "qkv")
        # [T*B, heads, C/heads, N]: (V K^T) Q is the transpose of Q (K^T V).
        mixed = ((v @ k.transpose(2, 3)) * 0.125) @ q
        return self.unit("proj", self.fire(mixed.flatten(1, 2).unflatten(2, x.shape[2:]), 0.5))


class MLP(Units):
    def __init__(self, steps, width, ratio, names):
        super().__init__(steps)
        self.names = names
        self.add_unit(names[0], width, width * ratio, bias=True)
        self.add_unit(names[1], width * ratio, width, bias=True)

    def forward(self, x):
        return self.unit(self.names[1], self.unit(self.names[0], x))


class Block(nn.Module):
    def __init__(self, name, attention, mlp):
        super().__init__()
        self.name = name
        self.add_module(name, attention)
        self.mlp = mlp

    def forward(self, x):
        x = x + getattr(self, self.name)(x)
        return x + self.mlp(x)


class QKFormer(nn.Module):
    """Pictures [B, C, H, W] or event frames [B, T, C, H, W] to logits [B, classes]."""

    def __init__(self, family, shape, classes, steps, widths, blocks, heads, ratio, mixers, **_):
        super().__init__()
        first, first_pools, later, later_pools, start, stride, self_attention, mlp = FAMILIES[family]
        self.steps, self.stages, self.events = steps, len(widths), family == "dvs"
        for index, width in enumerate(widths):
            if index == 0:
                halvings = [width >> shift for shift in range(len(first) - 1, -1, -1)]
                if family == "imagenet":
                    halvings = [width // 2, width, width]
                embedding = Embedding(
                    steps, first, [shape[0]] + halvings, first_pools, start, stride,
                    "frames" if self.events else "image")
            else:
                embedding = Embedding(steps, later, [widths[index - 1], width, width], later_pools, 0, 2, None)
            self.add_module(f"patch_embed{index + 1}", embedding)
            is_self = mixers[index] == "ssa"
            kind = SelfAttention if is_self else TokenAttention
            self.add_module(f"stage{index + 1}", nn.ModuleList(
                Block(self_attention if is_self else "tssa", kind(steps, width, heads), MLP(steps, width, ratio, mlp))
                for _ in range(blocks[index])))
        self.head = nn.Linear(widths[-1], classes)

    def forward(self, x):
        if self.events:
            x = x.transpose(0, 1).flatten(0, 1)
        for stage in range(1, self.stages + 1):
            x = getattr(self, f"patch_embed{stage}")(x)
            for block in getattr(self, f"stage{stage}"):
                x = block(x)
        return self.head(x.flatten(2).mean(2).unflatten(0, (self.steps, -1)).mean(0))


def units(model):
    """(owner, unit name, qualified name) of every unit."""
    for path, module in model.named_modules():
        if isinstance(module, Units):
            for name, _ in list(module.named_children()):
                if name.endswith("_conv"):
                    yield module, name[:-5], f"{path}.{name[:-5]}"


def folded(model, in_place):
    """The same network for inference: no batch norm, 1x1 convolutions over images, channels last."""
    model = copy.deepcopy(model).eval()
    for owner, name, _ in units(model):
        conv, norm = getattr(owner, f"{name}_conv"), getattr(owner, f"{name}_bn")
        scale = norm.weight.double() / (norm.running_var.double() + norm.eps).sqrt()
        bias = 0 if conv.bias is None else conv.bias.double()
        flat = nn.Conv2d(
            conv.in_channels, conv.out_channels, conv.kernel_size[0], conv.stride[0], conv.padding[0])
        weight = conv.weight.double().reshape(flat.weight.shape)
        flat.weight.data = (weight * scale[:, None, None, None]).float()
        flat.bias.data = ((bias - norm.running_mean.double()) * scale + norm.bias.double()).float()
        setattr(owner, f"{name}_conv", flat)
        setattr(owner, f"{name}_bn", nn.Identity())
        owner.in_place = in_place
    return model.requires_grad_(False).to(memory_format=torch.channels_last)
