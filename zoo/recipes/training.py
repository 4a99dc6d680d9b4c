"""What the training recipes share: options, the loop, its state, the evaluation, the checkpoint in timm's layout."""

import argparse
import os
import sys
import time

import torch
from torch.nn import functional as F

from qkformer import QKFormer


def configuration(family, coding, input_shape, time_steps, stages, scope):
    """The model in plain data, for tools that read the checkpoint without this code.

    `input_shape` is (channels, height, width); `stages` lists (channels, blocks, heads, mixer, mlp_ratio).
    """
    def lif(v_threshold):
        return {"tau": 2.0, "v_threshold": v_threshold, "fires": "at_or_above", "reset": "hard", "v_reset": 0.0}

    channels, height, width = input_shape
    names = ("channels", "blocks", "heads", "mixer", "mlp_ratio")
    return {
        "architecture": "qkformer", "family": family,
        "input": {"coding": coding, "channels": channels, "height": height, "width": width},
        "time_steps": time_steps, "classes": 10,
        "stages": [dict(zip(names, stage)) for stage in stages],
        "inner_mlp_shortcut": False, "batch_norm_eps": 1e-05,
        "lif": {"unit": lif(1.0), "attention": lif(0.5)},
        "attention_scale": 0.125, "residual": "spike_addition", "readout": "mean_then_head",
        "ssa_projection_scope": scope,
    }


def options(description, epochs, batch_size=64, state=None):
    """The options of a training script. `state` is the default of --state, where epochs are long enough to keep one."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scope", choices=("sample", "batch"), default="sample",
                        help="what the self-attention's projection neuron integrates over (see qkformer.py)")
    parser.add_argument("--epochs", type=int, default=epochs)
    parser.add_argument("--batch-size", type=int, default=batch_size)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--weight-decay", type=float, default=0.05)
    parser.add_argument("--smoothing", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--state", default=state,
                        help="file that keeps the state after each epoch; the same command goes on from it, bit by bit "
                             f"as if it had not stopped (default: {state or 'none is kept'})")
    parser.add_argument("--no-test", action="store_true",
                        help="stop after the last epoch: test nothing and write no checkpoint, to choose a recipe by "
                             "the held-out samples")
    parser.add_argument("-o", "--output", default="checkpoint.pth")
    return parser.parse_args()


def cache_path(*names):
    """A path in the user's cache folder of this project."""
    root = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(root, "qkzoo", *names)


def shifted(images, reach):
    """Each sample [B, ..., H, W] moved by up to `reach` pixels along both axes, zeros moving in."""
    height, width = images.shape[-2:]
    padded = F.pad(images, (reach,) * 4)
    rows, columns = torch.randint(2 * reach + 1, (2, len(images))).tolist()
    return torch.stack([sample[..., r:r + height, c:c + width] for sample, r, c in zip(padded, rows, columns)])


@torch.no_grad()
def correct_per_image(model, images, labels):
    """How many samples are answered correctly, each run alone."""
    model.eval()
    return sum(int(model.run(image[None]).argmax() == label) for image, label in zip(images, labels))


@torch.no_grad()
def correct_in_batches(model, images, labels, batch_size=250):
    """How many samples are answered correctly, many run together: quicker, and enough to watch a training."""
    model.eval()
    return sum(int((model.run(part).argmax(1) == expected).sum())
               for part, expected in zip(images.split(batch_size), labels.split(batch_size)))


def recipe(args):
    """The options that say how the weights come about."""
    return {name: value for name, value in vars(args).items() if name not in ("state", "no_test", "output")}


class TrainingState:
    """What goes from one epoch to the next: weights, optimizer, schedule, random numbers, and a line on each epoch."""

    def __init__(self, args, model_configuration, steps_per_epoch):
        self.path = args.state
        self.made_by = recipe(args) | {"configuration": model_configuration, "torch": str(torch.__version__)}
        self.model = QKFormer(model_configuration)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=args.lr, weight_decay=args.weight_decay)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer, args.lr, epochs=args.epochs, steps_per_epoch=steps_per_epoch, pct_start=0.1,
            cycle_momentum=False)
        self.epochs = []
        self.seconds = 0.0
        if self.path and os.path.exists(self.path):
            self.load()

    def parts(self):
        return {"model": self.model, "optimizer": self.optimizer, "schedule": self.schedule}

    def load(self):
        saved = torch.load(self.path, weights_only=True)
        changed = [name for name in {**saved["made_by"], **self.made_by}
                   if saved["made_by"].get(name) != self.made_by.get(name)]
        if changed:
            sys.exit(f"{self.path}: a training with another {', '.join(sorted(changed))}; "
                     "name another file by --state, or remove this one to begin anew")
        for name, part in self.parts().items():
            part.load_state_dict(saved[name])
        self.epochs, self.seconds = saved["epochs"], saved["seconds"]
        torch.set_rng_state(saved["random"])
        print(f"{self.path}: {len(self.epochs)} epochs are done")

    def save(self):
        """Replaces the file at once, so that it is whole whenever the training is stopped."""
        if not self.path:
            return
        os.makedirs(os.path.dirname(os.path.abspath(self.path)), exist_ok=True)
        saved = {name: part.state_dict() for name, part in self.parts().items()}
        torch.save(saved | {"made_by": self.made_by, "epochs": self.epochs, "seconds": self.seconds,
                            "random": torch.get_rng_state()}, self.path + ".new")
        os.replace(self.path + ".new", self.path)


def run_epoch(state, args, images, labels, augment):
    """Trains on every sample once; gives the mean loss."""
    state.model.train()
    total = 0.0
    for chosen in torch.randperm(len(images)).split(args.batch_size):
        loss = F.cross_entropy(state.model.run(augment(images[chosen])), labels[chosen],
                               label_smoothing=args.smoothing)
        state.optimizer.zero_grad()
        loss.backward()
        state.optimizer.step()
        state.schedule.step()
        total += loss.item() * len(chosen)
    return total / len(images)


def run_epochs(state, args, train_split, augment, held_out):
    """Trains for the epochs that remain; says of each how many held-out samples are answered correctly."""
    while len(state.epochs) < args.epochs:
        start = time.monotonic()
        line = f"epoch {len(state.epochs)}: loss {run_epoch(state, args, *train_split, augment):.4f}"
        if held_out:
            line += f", {correct_in_batches(state.model, *held_out)} of {len(held_out[1])} held-out samples correct"
        state.seconds += time.monotonic() - start
        state.epochs.append(line)
        state.save()
        print(f"{line}, {state.seconds:.0f} s", flush=True)


def train(args, model_configuration, train_split, test_split, augment, with_optimizer, held_out=None):
    """Trains and writes the checkpoint. A split is (inputs f32 [N, ...], labels i64 [N]).

    The weights are those of the last epoch; the test part takes no part in training or in picking them. How many of the
    `held_out` samples are answered correctly is said after each epoch.
    """
    torch.set_num_threads(args.threads)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(args.seed)

    state = TrainingState(args, model_configuration, -(-len(train_split[0]) // args.batch_size))
    print(f"{sum(p.numel() for p in state.model.parameters()):,} parameters", flush=True)
    run_epochs(state, args, train_split, augment, held_out)
    if not args.no_test:
        finish(args, model_configuration, state, test_split, with_optimizer)


def finish(args, model_configuration, state, test_split, with_optimizer):
    """Tests each sample alone and writes the checkpoint."""
    correct = correct_per_image(state.model, *test_split)
    print(f"{correct} of {len(test_split[1])} test samples correct, each run alone")

    saved = argparse.Namespace(**recipe(args), output=os.path.basename(args.output),
                               qkzoo_configuration=model_configuration)
    content = {"epoch": args.epochs - 1, "arch": "QKFormer", "state_dict": state.model.state_dict()}
    if with_optimizer:
        content["optimizer"] = state.optimizer.state_dict()
    torch.save(content | {"version": 2, "args": saved, "metric": 100.0 * correct / len(test_split[1])}, args.output)
