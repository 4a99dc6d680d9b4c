"""QKFormer, `cifar` family, in PyTorch and SpikingJelly.

Zhou et al., "QKFormer: Hierarchical Spiking Transformer using Q-K Attention" (arXiv 2403.16552).
Parameters carry the names and shapes of the released CIFAR models, so that state dicts are interchangeable;
the code is our own.

All activations between modules have the shape [T, B, C, H, W]: T time steps, B samples.
"""

import torch
from spikingjelly.activation_based import functional, neuron, surrogate
from torch import nn


def lif(v_threshold=1.0):
    """Leaky integrate-and-fire over dimension 0: v += (x - v) / 2; fires at v >= threshold; then v = 0."""
    return neuron.LIFNode(
        tau=2.0, decay_input=True, v_threshold=v_threshold, v_reset=0.0,
        surrogate_function=surrogate.Sigmoid(alpha=4.0), detach_reset=True,
        step_mode="m", backend="torch",
    )


class Units(nn.Module):
    """A module built of units "convolution, batch norm, LIF", registered flat: <name>_conv, <name>_bn, <name>_lif."""

    def add_unit(self, name, conv):
        norm = nn.BatchNorm1d if isinstance(conv, nn.Conv1d) else nn.BatchNorm2d
        self.add_module(f"{name}_conv", conv)
        self.add_module(f"{name}_bn", norm(conv.out_channels))
        self.add_module(f"{name}_lif", lif())

    def unit(self, name, x, pool=None, leak=False):
        """Runs one unit on [T, B, ...]. With `leak` the LIF sees [T*B, ...] and takes samples for time steps."""
        steps_and_samples = x.shape[:2]
        x = getattr(self, f"{name}_bn")(getattr(self, f"{name}_conv")(x.flatten(0, 1)))
        if pool is not None:
            x = pool(x)
        if not leak:
            x = x.unflatten(0, steps_and_samples)
        x = getattr(self, f"{name}_lif")(x)
        return x.unflatten(0, steps_and_samples) if leak else x


class PatchEmbedInit(Units):
    """Image to tokens of one pixel each."""

    def __init__(self, in_channels, channels):
        super().__init__()
        self.add_unit("proj", nn.Conv2d(in_channels, channels // 2, 3, padding=1, bias=False))
        self.add_unit("proj1", nn.Conv2d(channels // 2, channels, 3, padding=1, bias=False))
        self.add_unit("proj_res", nn.Conv2d(channels // 2, channels, 1, bias=False))

    def forward(self, x):
        x = self.unit("proj", x)
        return self.unit("proj1", x) + self.unit("proj_res", x)


class PatchEmbeddingStage(Units):
    """Halves height and width, doubles the channels."""

    def __init__(self, channels):
        super().__init__()
        self.add_unit("proj3", nn.Conv2d(channels // 2, channels, 3, padding=1, bias=False))
        self.add_unit("proj4", nn.Conv2d(channels, channels, 3, padding=1, bias=False))
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)
        self.add_unit("proj_res", nn.Conv2d(channels // 2, channels, 1, stride=2, bias=False))

    def forward(self, x):
        return self.unit("proj4", self.unit("proj3", x), pool=self.pool) + self.unit("proj_res", x)


class TokenQKAttention(Units):
    """Q-K token attention: a head's token passes K on if any of its Q channels fires."""

    def __init__(self, channels, heads):
        super().__init__()
        self.heads = heads
        self.add_unit("q", nn.Conv1d(channels, channels, 1, bias=False))
        self.add_unit("k", nn.Conv1d(channels, channels, 1, bias=False))
        self.attn_lif = lif(0.5)
        self.add_unit("proj", nn.Conv1d(channels, channels, 1))

    def forward(self, x):
        tokens = x.flatten(3)  # [T, B, C, N]
        by_head = (self.heads, -1)
        q = self.unit("q", tokens).unflatten(2, by_head)  # [T, B, heads, C/heads, N]
        k = self.unit("k", tokens).unflatten(2, by_head)
        mask = self.attn_lif(q.sum(3, keepdim=True))  # [T, B, heads, 1, N]
        return self.unit("proj", (mask * k).flatten(2, 3)).reshape(x.shape)


class SpikingSelfAttention(Units):
    """Softmax-free attention, q (k^T v) / 8 for every head width."""

    def __init__(self, channels, heads, scope):
        super().__init__()
        self.heads = heads
        self.leak = scope == "batch"
        for name in "qkv":
            self.add_unit(name, nn.Conv1d(channels, channels, 1, bias=False))
        self.attn_lif = lif(0.5)
        self.add_unit("proj", nn.Conv1d(channels, channels, 1))

    def forward(self, x):
        tokens = x.flatten(3)
        # [T, B, heads, N, C/heads]
        q, k, v = (self.unit(n, tokens).unflatten(2, (self.heads, -1)).transpose(3, 4) for n in "qkv")
        mixed = (q @ (k.transpose(3, 4) @ v)) * 0.125
        mixed = self.attn_lif(mixed.transpose(3, 4).flatten(2, 3))  # [T, B, C, N]
        return self.unit("proj", mixed, leak=self.leak).reshape(x.shape)


class MLP(Units):
    def __init__(self, channels, hidden):
        super().__init__()
        self.add_unit("mlp1", nn.Conv2d(channels, hidden, 1))
        self.add_unit("mlp2", nn.Conv2d(hidden, channels, 1))

    def forward(self, x):
        return self.unit("mlp2", self.unit("mlp1", x))


class Block(nn.Module):
    """A mixer and an MLP, each with a shortcut that adds spikes (so activations are small integers)."""

    def __init__(self, name, mixer, channels, mlp_ratio):
        super().__init__()
        self.mixer_name = name
        self.add_module(name, mixer)
        self.mlp = MLP(channels, channels * mlp_ratio)

    def forward(self, x):
        x = x + getattr(self, self.mixer_name)(x)
        return x + self.mlp(x)


class QKFormer(nn.Module):
    """Images [B, C, H, W], any size, to logits [B, classes].

    `scope` names what the projection neuron of the self-attention integrates over:
      "sample"  the T time steps of each sample, as the paper describes;
      "batch"   the flattened T*B steps, as in the released code: its membrane leaks from sample to sample, so a
                sample's logits depend on its batch (zhouchenlin2096/QKFormer, issue 14).

    Neurons keep state: call `spikingjelly.activation_based.functional.reset_net` (or `run`) for each batch.
    """

    def __init__(self, in_channels=3, classes=10, channels=(96, 192, 384), blocks=(1, 1, 2), heads=(8, 8, 8),
                 mlp_ratios=(4, 4, 4), time_steps=4, scope="sample"):
        super().__init__()
        if scope not in ("sample", "batch"):
            raise ValueError(f"scope is 'sample' or 'batch', not {scope!r}")
        self.time_steps = time_steps
        self.patch_embed1 = PatchEmbedInit(in_channels, channels[0])
        self.patch_embed2 = PatchEmbeddingStage(channels[1])
        self.patch_embed3 = PatchEmbeddingStage(channels[2])

        def stage(i, name, mixer):
            return nn.ModuleList(Block(name, mixer(), channels[i], mlp_ratios[i]) for _ in range(blocks[i]))

        self.stage1 = stage(0, "tssa", lambda: TokenQKAttention(channels[0], heads[0]))
        self.stage2 = stage(1, "tssa", lambda: TokenQKAttention(channels[1], heads[1]))
        self.stage3 = stage(2, "ssa", lambda: SpikingSelfAttention(channels[2], heads[2], scope))
        self.head = nn.Linear(channels[2], classes)

    @classmethod
    def from_configuration(cls, configuration, scope=None):
        """The model a `qkzoo_configuration` describes; `scope` overrides the configuration's."""
        if (configuration["architecture"], configuration["family"]) != ("qkformer", "cifar"):
            raise ValueError("this file defines the cifar family of qkformer only")
        stages = configuration["stages"]
        return cls(
            in_channels=configuration["input"]["channels"], classes=configuration["classes"],
            channels=[s["channels"] for s in stages], blocks=[s["blocks"] for s in stages],
            heads=[s["heads"] for s in stages], mlp_ratios=[s["mlp_ratio"] for s in stages],
            time_steps=configuration["time_steps"], scope=scope or configuration["ssa_projection_scope"],
        )

    def forward(self, images):
        x = images.expand(self.time_steps, *images.shape)  # direct coding: the same image at every step
        for embed, stage in ((self.patch_embed1, self.stage1), (self.patch_embed2, self.stage2),
                             (self.patch_embed3, self.stage3)):
            x = embed(x)
            for block in stage:
                x = block(x)
        return self.head(x.flatten(3).mean(3).mean(0))  # mean over tokens, then over time

    def run(self, images):
        """`forward` from resting neurons."""
        functional.reset_net(self)
        return self(images)


def lif_modules(model):
    """(name, module) of every LIF."""
    return [(name, m) for name, m in model.named_modules() if isinstance(m, neuron.LIFNode)]
