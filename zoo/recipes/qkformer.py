"""QKFormer's three families (`imagenet`, `cifar`, `dvs`) in PyTorch and SpikingJelly.

Zhou et al., "QKFormer: Hierarchical Spiking Transformer using Q-K Attention" (arXiv 2403.16552).
Parameters carry the names and shapes of the released models, so that state dicts are interchangeable;
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
        # An image repeated at every step: in training all but the LIF runs once.
        shown_once = x[:1] if self.training and x.stride(0) == 0 else x
        x = getattr(self, f"{name}_bn")(getattr(self, f"{name}_conv")(shown_once.flatten(0, 1)))
        if pool is not None:
            x = pool(x)
        if not leak:
            x = x.unflatten(0, shown_once.shape[:2]).expand(steps_and_samples + x.shape[1:])
        x = getattr(self, f"{name}_lif")(x)
        return x.unflatten(0, steps_and_samples) if leak else x


class PatchEmbedding(Units):
    """A chain of units with a shortcut around its end; both end in spikes, which are added.

    `widths`, `names` and `pooled` describe the chain: output channels and name of each unit, and the units whose
    convolution a 3x3 max pooling of stride 2 follows. The shortcut leaves in front of unit `branch`.
    """

    def __init__(self, in_channels, widths, names, pooled, branch, stride):
        super().__init__()
        self.names, self.pooled, self.branch = names, pooled, branch
        inputs = [in_channels, *widths]
        for name, before, after in zip(names, inputs, widths):
            self.add_unit(name, nn.Conv2d(before, after, 3, padding=1, bias=False))
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)
        self.add_unit("proj_res", nn.Conv2d(inputs[branch], widths[-1], 1, stride=stride, bias=False))

    def forward(self, x):
        for i, name in enumerate(self.names):
            if i == self.branch:
                shortcut = self.unit("proj_res", x)
            x = self.unit(name, x, pool=self.pool if i in self.pooled else None)
        return x + shortcut


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
    def __init__(self, names, channels, hidden):
        super().__init__()
        self.names = names
        self.add_unit(names[0], nn.Conv2d(channels, hidden, 1))
        self.add_unit(names[1], nn.Conv2d(hidden, channels, 1))

    def forward(self, x):
        return self.unit(self.names[1], self.unit(self.names[0], x))


class Block(nn.Module):
    """A mixer and an MLP, each with a shortcut that adds spikes (so activations are small integers)."""

    def __init__(self, name, mixer, mlp):
        super().__init__()
        self.mixer_name = name
        self.add_module(name, mixer)
        self.mlp = mlp

    def forward(self, x):
        x = x + getattr(self, self.mixer_name)(x)
        return x + self.mlp(x)


class Family:
    """What the released models of one family call and place differently."""

    def __init__(self, first, first_widths, first_pooled, branch, stride, later, later_pooled, attention, mlp):
        self.first, self.first_widths, self.first_pooled = first, first_widths, first_pooled
        self.branch, self.stride = branch, stride
        self.later, self.later_pooled = later, later_pooled
        self.attention, self.mlp = attention, mlp

    def embedding(self, in_channels, channels, is_first):
        """The patch embedding in front of a stage; `first_widths` are fractions 1/n of the stage's channels."""
        if is_first:
            return PatchEmbedding(in_channels, [channels // n for n in self.first_widths], self.first,
                                  self.first_pooled, self.branch, self.stride)
        return PatchEmbedding(in_channels, [channels, channels], self.later, self.later_pooled, branch=0, stride=2)


FAMILIES = {
    "imagenet": Family(first=["proj", "proj1", "proj2"], first_widths=[2, 1, 1], first_pooled=[0, 1], branch=1,
                       stride=2, later=["proj3", "proj4"], later_pooled=[0], attention="attn", mlp=["fc1", "fc2"]),
    "cifar": Family(first=["proj", "proj1"], first_widths=[2, 1], first_pooled=[], branch=1,
                    stride=1, later=["proj3", "proj4"], later_pooled=[1], attention="ssa", mlp=["mlp1", "mlp2"]),
    "dvs": Family(first=["proj", "proj1", "proj2", "proj3"], first_widths=[8, 4, 2, 1], first_pooled=[1, 2, 3],
                  branch=2, stride=4, later=["proj", "proj4"], later_pooled=[1], attention="ssa",
                  mlp=["mlp1", "mlp2"]),
}


class QKFormer(nn.Module):
    """Images [B, C, H, W] or event frames [B, T, C, H, W], any size, to logits [B, classes].

    `scope` names what the projection neuron of the self-attention integrates over:
      "sample"  the T time steps of each sample, as the paper describes;
      "batch"   the flattened T*B steps, as in the released code: its membrane leaks from sample to sample, so a
                sample's logits depend on its batch (zhouchenlin2096/QKFormer, issue 14).

    Neurons keep state: call `spikingjelly.activation_based.functional.reset_net` (or `run`) for each batch.
    """

    def __init__(self, configuration, scope=None):
        """The model a `qkzoo_configuration` describes; `scope` overrides the configuration's."""
        super().__init__()
        scope = scope or configuration["ssa_projection_scope"]
        if scope not in ("sample", "batch"):
            raise ValueError(f"scope is 'sample' or 'batch', not {scope!r}")
        if (configuration["architecture"], configuration["readout"]) != ("qkformer", "mean_then_head"):
            raise ValueError("this file defines qkformer with mean_then_head only")
        family = FAMILIES[configuration["family"]]
        stages = configuration["stages"]
        self.time_steps = configuration["time_steps"]
        self.takes_frames = configuration["input"]["coding"] == "event_frames"
        self.depth = len(stages)

        inputs = [configuration["input"]["channels"]] + [stage["channels"] for stage in stages]
        for i, stage in enumerate(stages):
            self.add_module(f"patch_embed{i + 1}", family.embedding(inputs[i], stage["channels"], i == 0))
        for i, stage in enumerate(stages):
            self.add_module(f"stage{i + 1}", self.blocks(stage, family, scope))
        self.head = nn.Linear(inputs[-1], configuration["classes"])

    @staticmethod
    def blocks(stage, family, scope):
        channels, heads, hidden = stage["channels"], stage["heads"], stage["channels"] * stage["mlp_ratio"]

        def block():
            if stage["mixer"] == "qkta":
                name, mixer = "tssa", TokenQKAttention(channels, heads)
            elif stage["mixer"] == "ssa":
                name, mixer = family.attention, SpikingSelfAttention(channels, heads, scope)
            else:
                raise ValueError(f"no mixer {stage['mixer']!r} here")
            return Block(name, mixer, MLP(family.mlp, channels, hidden))

        return nn.ModuleList(block() for _ in range(stage["blocks"]))

    def forward(self, images):
        # Direct coding: the same image at every step.
        x = images.transpose(0, 1) if self.takes_frames else images.expand(self.time_steps, *images.shape)
        for i in range(1, self.depth + 1):
            x = getattr(self, f"patch_embed{i}")(x)
            for block in getattr(self, f"stage{i}"):
                x = block(x)
        return self.head(x.flatten(3).mean(3).mean(0))  # mean over tokens, then over time

    def run(self, images):
        """`forward` from resting neurons."""
        functional.reset_net(self)
        return self(images)


def lif_modules(model):
    """(name, module) of every LIF."""
    return [(name, m) for name, m in model.named_modules() if isinstance(m, neuron.LIFNode)]
