"""How the cost of Q-K token attention grows: over picture size (tokens) and over time steps.

    python sweep.py --work DIR [--rates published] [--threads 1] -o RECORD.json --plot PLOT.svg

Runs `forward-benchmark sweep` on the first stage of HST-10-384, fits time = a x^k, and draws both curves.
"""
import argparse
import datetime
import json
import math
import pathlib
import subprocess

from compare import FORWARD, machine
from model import CONFIGURATIONS


def exponent(points, key):
    """k of seconds = a x^k, least squares over logarithms."""
    x = [math.log(p[key]) for p in points]
    y = [math.log(p["seconds"]) for p in points]
    mx, my = sum(x) / len(x), sum(y) / len(y)
    return sum((a - mx) * (b - my) for a, b in zip(x, y)) / sum((a - mx) ** 2 for a in x)


SIZES = ("64", "128", "192", "256", "384", "512")
TIMES = ("1", "2", "4", "8", "12", "16")

STYLE = """
  svg { font: 13px system-ui, sans-serif; }
  text { fill: #333; } .quiet { fill: #666; } .axis { stroke: #666; } .grid { stroke: #ddd; }
  .line { fill: none; stroke: #1f6fb4; stroke-width: 2; } .dot { fill: #1f6fb4; }
  .mix { fill: none; stroke: #b4561f; stroke-width: 2; } .mixdot { fill: #b4561f; }
  .ideal { fill: none; stroke: #999; stroke-dasharray: 4 4; }
  @media (prefers-color-scheme: dark) {
    text { fill: #ddd; } .quiet { fill: #aaa; } .axis { stroke: #aaa; } .grid { stroke: #3a3a3a; }
    .line { stroke: #6fb1ea; } .dot { fill: #6fb1ea; } .mix { stroke: #eaa06f; } .mixdot { fill: #eaa06f; }
    .ideal { stroke: #777; }
  }
"""


def nice_step(largest):
    unit = 10 ** math.floor(math.log10(largest / 4))
    return next(unit * factor for factor in (1, 2, 5, 10) if unit * factor * 5 >= largest)


def panel(left, title, label, points, key, notes):
    """One diagram with linear axes: the measured points and the straight line through the largest."""
    width, height, top = 340, 220, 50
    most_x, most_y = max(p[key] for p in points), 1e3 * max(p["seconds"] for p in points)
    step_x, step_y = nice_step(most_x), nice_step(most_y)
    most_x, most_y = (math.ceil(m / s) * s for m, s in ((most_x, step_x), (most_y, step_y)))

    def at(x, y):
        return f"{left + width * x / most_x:.1f},{top + height * (1 - 1e3 * y / most_y):.1f}"

    parts = [f'<text x="{left}" y="{top - 24}" font-weight="600">{title}</text>']
    for i in range(round(most_y / step_y) + 1):
        y = top + height * (1 - i * step_y / most_y)
        parts.append(f'<line class="grid" x1="{left}" x2="{left + width}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="quiet" x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{i * step_y:g}</text>')
    for i in range(round(most_x / step_x) + 1):
        x = left + width * i * step_x / most_x
        value = f"{i * step_x:,.0f}".replace(",", " ")
        parts.append(f'<text class="quiet" x="{x:.1f}" y="{top + height + 20}" text-anchor="middle">{value}</text>')
    parts.append(
        f'<line class="axis" x1="{left}" x2="{left + width}" y1="{top + height}" y2="{top + height}"/>')
    parts.append(f'<text x="{left + width / 2}" y="{top + height + 42}" text-anchor="middle">{label}</text>')
    last = max(points, key=lambda p: p[key])
    parts.append(f'<polyline class="ideal" points="{at(0, 0)} {at(last[key], last["seconds"])}"/>')
    for field, line, dot in (("seconds", "line", "dot"), ("mixing_seconds", "mix", "mixdot")):
        parts.append(f'<polyline class="{line}" points="{" ".join(at(p[key], p[field]) for p in points)}"/>')
        for p in points:
            x, y = at(p[key], p[field]).split(",")
            parts.append(f'<circle class="{dot}" cx="{x}" cy="{y}" r="3"/>')
    parts.append(f'<text class="quiet" x="{left + 10}" y="{top + 14}">{notes}</text>')
    return "\n".join(parts)


def plot(result, exponents):
    size = panel(
        60, "QKTA over tokens, T = 4 (ms)", "tokens of stage 1, (size / 4)²", result["by_size"], "tokens",
        f"time ∝ tokens^{exponents['tokens']:.2f}")
    time = panel(
        480, "QKTA over time steps, 224 pixels (ms)", "time steps T", result["by_time"], "steps",
        f"time ∝ T^{exponents['steps']:.2f}")
    legend = (
        '<g transform="translate(60 340)"><line class="line" x2="24" y1="-4" y2="-4"/>'
        '<text x="30">Q, K, attention and projection</text>'
        '<line class="mix" x1="250" x2="274" y1="-4" y2="-4"/><text x="280">attention alone</text>'
        '<line class="ideal" x1="420" x2="444" y1="-4" y2="-4"/>'
        '<text x="450">straight line to the last point</text></g>')
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 850 360" role="img" '
        'aria-label="The time of Q-K token attention grows linearly with tokens and with time steps">'
        f"<style>{STYLE}</style>\n{size}\n{time}\n{legend}\n</svg>\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--rates", default="published")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("-o", "--output", type=pathlib.Path, required=True)
    parser.add_argument("--plot", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    model = "HST-10-384"
    folder = arguments.work / arguments.rates / model
    result = json.loads(subprocess.run(
        [FORWARD, "sweep", folder / "weights.pth", "--preset", CONFIGURATIONS[model]["preset"],
         "--input", folder / "input.npy", "--threads", str(arguments.threads), "--repeats", "3",
         "--sizes", *SIZES, "--times", *TIMES],
        check=True, stdout=subprocess.PIPE, text=True).stdout)
    exponents = {"tokens": exponent(result["by_size"], "tokens"), "steps": exponent(result["by_time"], "steps")}
    arguments.output.write_text(json.dumps({
        "benchmark": "qkta-sweep", "machine": machine(), "date": datetime.date.today().isoformat(),
        "command": "make -C Benchmarks sweep", "weights": f"{model}, random, seed 0, {arguments.rates} rates",
        "threads": arguments.threads,
        "exponents": {key: round(value, 3) for key, value in exponents.items()}, **result}, indent=1) + "\n")
    arguments.plot.parent.mkdir(parents=True, exist_ok=True)
    arguments.plot.write_text(plot(result, exponents))


if __name__ == "__main__":
    main()
