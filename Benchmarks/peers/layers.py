"""Every layer of a model beside the limits of the machine.

    python layers.py --work DIR --model HST-10-384 [--rates published] [-o RECORD.json]

Prints what `forward-benchmark layers` prints and adds the figures to the record.
"""
import argparse
import json
import pathlib
import subprocess

from model import CONFIGURATIONS

FORWARD = pathlib.Path(__file__).resolve().parent.parent / ".build/release/forward-benchmark"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--model", required=True, choices=CONFIGURATIONS)
    parser.add_argument("--rates", default="published")
    parser.add_argument("-o", "--output", type=pathlib.Path)
    arguments = parser.parse_args()
    folder = arguments.work / arguments.rates / arguments.model
    measured = json.loads(subprocess.run(
        [FORWARD, "layers", folder / "weights.pth", "--preset", CONFIGURATIONS[arguments.model]["preset"],
         "--input", folder / "input.npy", "--json"], check=True, capture_output=True, text=True).stdout)
    total = sum(layer["seconds"] for layer in measured["layers"])
    limits = measured["roofline"]
    print(f"{arguments.model}, {1e3 * total:.1f} ms; limit {limits['l1_load'] / 128e9:.2f} G rows/s")
    for layer in measured["layers"]:
        print(
            f"{layer['name']:40} {layer['accumulates'] / 1e6:8.0f} MMAC {layer['lookups'] / 1e6:7.2f} M rows"
            f" {layer['planes']} planes {1e3 * layer['seconds']:7.2f} ms {100 * layer['seconds'] / total:5.1f} %"
            f" {layer['lookup_rate'] / 1e9:5.2f} G rows/s {100 * layer['share_of_l1']:4.0f} % of L1")
    if arguments.output:
        record = json.loads(arguments.output.read_text()) if arguments.output.exists() else {}
        key = f"{arguments.model}, {arguments.rates} rates"
        for layer in measured["layers"]:
            for name in ("seconds", "listing_seconds", "share_of_l1"):
                layer[name] = round(layer[name], 6)
            layer["lookup_rate"] = round(layer["lookup_rate"])
        record.setdefault("layers", {})[key] = measured
        arguments.output.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
