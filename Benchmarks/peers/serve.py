"""One peer as a server: the protocol of `forward-benchmark serve`, on standard input and output.

    python serve.py RUNTIME --model HST-10-384 --folder DIR --batch 1 --threads 2

RUNTIME: torch (as defined), torch-folded (batch norm folded, channels last, neurons in place), torch-compile (folded,
through inductor with frozen weights), onnxruntime, openvino (both from the folded network, exported for this batch).

Prints {"ready": true, ...}; then for each line: `run` -> {"seconds": s}; `logits PATH` -> writes them as .npy;
`memory` -> peak resident bytes since `ready`, and of loading before it; `quit`.
"""
import argparse
import json
import pathlib
import sys
import time

import numpy


def resident_peak():
    for line in open("/proc/self/status"):
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024


def load_torch(arguments):
    import torch

    from model import CONFIGURATIONS, QKFormer, folded

    torch.set_num_threads(arguments.threads)
    model = QKFormer(**CONFIGURATIONS[arguments.model]).eval()
    model.load_state_dict(torch.load(arguments.folder / "weights.pth", mmap=True))
    model.requires_grad_(False)
    if arguments.runtime != "torch":
        model = folded(model, in_place=arguments.runtime == "torch-folded")
    return torch, model


def torch_runner(arguments, x):
    torch, model = load_torch(arguments)
    x = torch.from_numpy(x)
    if arguments.runtime == "torch-compile":
        import torch._inductor.config as config

        config.freezing = True
        model = torch.compile(model)
    if arguments.runtime != "torch" and x.dim() == 4:
        x = x.to(memory_format=torch.channels_last)

    def run():
        with torch.inference_mode() if arguments.runtime != "torch-compile" else torch.no_grad():
            return model(x).numpy()

    return run, f"PyTorch {torch.__version__}"


def export(arguments, x):
    """The folded network as ONNX, in a process of its own: its memory is not the runtime's."""
    import subprocess

    path = arguments.folder / f"batch{arguments.batch}.onnx"
    if not path.exists():
        subprocess.run(
            [sys.executable, __file__, "export", "--model", arguments.model, "--folder", arguments.folder,
             "--batch", str(arguments.batch)], check=True, stdout=sys.stderr)
    return path


def write_onnx(arguments, x):
    arguments.runtime = "export"
    torch, model = load_torch(arguments)
    path = arguments.folder / f"batch{arguments.batch}.onnx"
    torch.onnx.export(
        model, (torch.from_numpy(x),), path, input_names=["input"], output_names=["logits"],
        opset_version=18, do_constant_folding=True, dynamo=False)


def onnxruntime_runner(arguments, x):
    path = export(arguments, x)
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = arguments.threads
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, {"input": x})[0], f"ONNX Runtime {onnxruntime.__version__}"


def openvino_runner(arguments, x):
    path = export(arguments, x)
    import openvino

    compiled = openvino.Core().compile_model(path, "CPU", {
        "INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": arguments.threads,
        "PERFORMANCE_HINT": "LATENCY"})
    request = compiled.create_infer_request()

    def run():
        request.infer({0: x})
        return request.get_output_tensor(0).data

    return run, f"OpenVINO {openvino.__version__}"


RUNNERS = {
    "torch": torch_runner, "torch-folded": torch_runner, "torch-compile": torch_runner,
    "onnxruntime": onnxruntime_runner, "openvino": openvino_runner,
}


def serve(run, version):
    run()
    loading = resident_peak()
    # Since Linux 4.0 this resets the peak to what is resident now.
    pathlib.Path("/proc/self/clear_refs").write_text("5")
    print(json.dumps({"ready": True, "version": version}), flush=True)
    for line in sys.stdin:
        command, *rest = line.split(None, 1)
        if command == "run":
            start = time.perf_counter()
            run()
            print(json.dumps({"seconds": time.perf_counter() - start}), flush=True)
        elif command == "logits":
            numpy.save(rest[0].strip(), run())
            print(json.dumps({"written": True}), flush=True)
        elif command == "memory":
            print(json.dumps({"peak": resident_peak(), "loading": loading}), flush=True)
        elif command == "quit":
            return


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runtime", choices=[*RUNNERS, "export"])
    parser.add_argument("--model", required=True)
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    x = numpy.load(arguments.folder / "input.npy")[:arguments.batch]
    if arguments.runtime == "export":
        return write_onnx(arguments, x)
    # Answers go to the real standard output; whatever a runtime prints goes to standard error.
    answers, sys.stdout = sys.stdout, sys.stderr
    run, version = RUNNERS[arguments.runtime](arguments, x)
    sys.stdout = answers
    serve(run, version)


if __name__ == "__main__":
    main()
