"""torchvision, also where its operators do not load.

PyPI's torchvision is built for CUDA. Beside a build of PyTorch for the CPU its operators are missing, and its import
fails over two of them. Pictures and folders need none, so these two are declared, without a body.
"""

import sys

import torch

try:
    import torchvision
except RuntimeError:
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[name]
    declared = torch.library.Library("torchvision", "DEF")
    declared.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    declared.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    import torchvision

from torchvision import datasets, transforms  # noqa: E402

__all__ = ["datasets", "torchvision", "transforms"]
