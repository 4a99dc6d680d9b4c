"""Weights and inputs of the forward benchmark: random, but with realistic firing rates.

    python generate.py --work DIR [--rates published|sparse] [--model HST-10-384 ...] [--batch 16]

Weights are Gaussian from a fixed seed. Batch norm statistics are those of one forward pass over pictures (photographs
of scikit-image; for events, the photographs moving), and each unit's shift is set in the same pass so that its neurons
fire at a given rate:

  published  rates that the paper prints (Table 4: Q, K, projection and MLP of stages 1 and 2) and that its energies
             imply for the embeddings and stage 3; the streams then count 0.7 to 1.2 spikes in the mean
  sparse     no shift: 2 to 25 % of the inputs are not zero, as in the small trained models of the zoo

DIR/RATES/MODEL gets `weights.pth` under upstream names, `input.npy`, and `rates.json` with the inputs of every
convolution as measured.
"""
import argparse
import functools
import json
import pathlib

import numpy
import skimage.data
import skimage.transform
import torch

from model import CONFIGURATIONS, QKFormer, Units, units

MEAN = numpy.array([0.485, 0.456, 0.406], numpy.float32)
DEVIATION = numpy.array([0.229, 0.224, 0.225], numpy.float32)
CALIBRATION = 8


def photographs(size, count, seed):
    """`count` random crops of photographs, [count, 3, size, size] in 0...1."""
    random = numpy.random.default_rng(seed)
    sources = [
        skimage.data.astronaut(), skimage.data.coffee(), skimage.data.chelsea(), skimage.data.rocket()]
    pictures = []
    for index in range(count):
        source = sources[index % len(sources)]
        side = int(min(source.shape[:2]) * random.uniform(0.5, 1))
        y, x = (int(random.integers(0, extent - side + 1)) for extent in source.shape[:2])
        crop = source[y:y + side, x:x + side]
        pictures.append(skimage.transform.resize(crop, (size, size), anti_aliasing=True))
    return numpy.stack(pictures).astype(numpy.float32).transpose(0, 3, 1, 2)


def events(size, steps, count, seed):
    """Counts of brightness changes of photographs that drift, [count, steps, 2, size, size]."""
    random = numpy.random.default_rng(seed)
    grey = photographs(size + 4 * steps, count, seed).mean(1)
    frames = numpy.zeros((count, steps, 2, size, size), numpy.float32)
    for index in range(count):
        dy, dx = random.integers(1, 4, 2)
        cut = [grey[index, t * dy:t * dy + size, t * dx:t * dx + size] for t in range(steps + 1)]
        for t in range(steps):
            change = numpy.round((cut[t + 1] - cut[t]) * 12)
            frames[index, t] = numpy.maximum(change, 0), numpy.maximum(-change, 0)
    return frames


def inputs(configuration, count, seed):
    channels, size, _ = configuration["shape"]
    if configuration["family"] == "dvs":
        return torch.from_numpy(events(size, configuration["steps"], count, seed))
    pictures = photographs(size, count, seed)
    return torch.from_numpy((pictures - MEAN[:, None, None]) / DEVIATION[:, None, None])


def randomise(model, generator):
    for parameter in model.parameters():
        if parameter.dim() > 1:
            fan_in = parameter[0].numel()
            parameter.data = torch.randn(parameter.shape, generator=generator) / fan_in**0.5
        else:
            parameter.data.zero_()


def target(path):
    """The rate at which the neurons of a unit shall fire."""
    owner, name = path.rsplit(".", 1)
    stage = int(owner.split(".")[0][-1])
    if "embed" in owner:
        last = {"proj_res", "proj4"} | ({"proj2"} if stage == 1 else set())
        return 0.36 if name in last else {1: 0.336, 2: 0.5, 3: 0.7}[stage]
    return {
        1: {"q": 0.043, "k": 0.178, "proj": 0.148, "first": 0.052, "second": 0.273},
        2: {"q": 0.023, "k": 0.085, "v": 0.085, "proj": 0.058, "first": 0.025, "second": 0.187},
        3: {"q": 0.03, "k": 0.1, "v": 0.1, "proj": 0.06, "first": 0.15, "second": 0.06},
    }[stage][{"fc1": "first", "mlp1": "first", "fc2": "second", "mlp2": "second"}.get(name, name)]


class Calibration:
    """Stands in for `Units.unit` during one pass and sets what each norm needs."""

    def __init__(self, model, generator, aims):
        self.paths = {(id(owner), name): path for owner, name, path in units(model)}
        self.generator, self.aims = generator, aims

    def unit(self, owner, name, x, pool=False, constant=False):
        norm = getattr(owner, f"{name}_bn")
        norm.momentum = 1.0
        for parameter, centre in ((norm.weight, 1), (norm.bias, 0)):
            parameter.data = centre + 0.2 * torch.randn(parameter.shape, generator=self.generator)
        fires = owner.fire
        owner.fire = lambda current, *_: current
        norm.train()
        current = Units.unit(owner, name, x, pool, constant)
        norm.eval()
        del owner.fire
        shift = self.shift(lambda s: fires(current + s, 1.0, constant), target(self.paths[id(owner), name]))
        norm.bias.data += shift
        return fires(current + shift, 1.0, constant)

    def shift(self, fire, rate):
        """A shift passes through max pooling, so it can be found behind it."""
        if not self.aims:
            return 0.0
        low, high = -4.0, 4.0
        for _ in range(12):
            middle = (low + high) / 2
            low, high = (middle, high) if fire(middle).mean() < rate else (low, middle)
        return (low + high) / 2


def calibrate(model, pictures, generator, aims):
    model.eval()
    calibration = Calibration(model, generator, aims)
    owners = {owner for owner, _, _ in units(model)}
    for owner in owners:
        owner.unit = functools.partial(calibration.unit, owner)
    model(pictures)
    for owner in owners:
        del owner.unit


def measure(model, pictures):
    """Mean input, largest input and share of non-zero inputs of every convolution."""
    rates, hooks = {}, []
    for owner, name, path in units(model):
        def record(_, arguments, path=path):
            x = arguments[0]
            rates[path] = {
                "mean": round(x.mean().item(), 4), "largest": int(x.max().item()),
                "nonzero": round((x != 0).float().mean().item(), 4)}
        hooks.append(getattr(owner, f"{name}_conv").register_forward_pre_hook(record))
    model(pictures)
    for hook in hooks:
        hook.remove()
    first = next(iter(rates))
    del rates[first]  # reads the picture itself
    return rates


@torch.inference_mode()
def generate(name, folder, batch, aims, seed=0):
    configuration = CONFIGURATIONS[name]
    folder.mkdir(parents=True, exist_ok=True)
    generator = torch.Generator().manual_seed(seed)
    model = QKFormer(**configuration)
    randomise(model, generator)
    calibrate(model, inputs(configuration, CALIBRATION, seed), generator, aims)
    probe = inputs(configuration, batch, seed + 1)
    rates = measure(model, probe[:4])
    torch.save(model.state_dict(), folder / "weights.pth")
    numpy.save(folder / "input.npy", probe.numpy())
    (folder / "rates.json").write_text(json.dumps(rates, indent=1))
    return rates


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--model", nargs="*", default=list(CONFIGURATIONS))
    parser.add_argument("--rates", choices=("published", "sparse"), default="published")
    parser.add_argument("--batch", type=int, default=16)
    arguments = parser.parse_args()
    for name in arguments.model:
        rates = generate(name, arguments.work / arguments.rates / name, arguments.batch, arguments.rates == "published")
        print(name, arguments.rates)
        for path, rate in rates.items():
            print(f"  {path:32} mean {rate['mean']:.3f}  largest {rate['largest']}  not zero {rate['nonzero']:.3f}")


if __name__ == "__main__":
    main()
