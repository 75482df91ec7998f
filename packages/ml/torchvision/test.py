#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""torchvision has the promised version; transforms, the C++ operators and an untrained model work."""
import os

import numpy
import torch
import torchvision
from PIL import Image
from torchvision import ops, transforms

expected = os.environ["TORCHVISION_VERSION"]
found = torchvision.__version__
assert (found + ".").startswith(expected + ".") or found.startswith((expected + "+", expected + "a")), \
    f"torchvision {found} where {expected} was promised"

picture = Image.fromarray(numpy.full((40, 60, 3), (255, 0, 51), numpy.uint8))
tensor = transforms.Compose([transforms.Resize(20), transforms.CenterCrop(20), transforms.ToTensor()])(picture)
assert tensor.shape == (3, 20, 20)
assert torch.allclose(tensor[:, 10, 10], torch.tensor([1.0, 0.0, 0.2]), atol=1e-3), tensor[:, 10, 10]

# nms and roi_align are operators of the C++ extension: without it these calls raise.
boxes = torch.tensor([[0.0, 0.0, 10.0, 10.0], [1.0, 1.0, 11.0, 11.0], [30.0, 30.0, 40.0, 40.0]])
assert ops.nms(boxes, torch.tensor([0.9, 0.8, 0.7]), 0.5).tolist() == [0, 2]
feature = torch.arange(64.0).reshape(1, 1, 8, 8)
aligned = ops.roi_align(feature, torch.tensor([[0.0, 0.0, 0.0, 7.0, 7.0]]), output_size=2)
assert aligned.shape == (1, 1, 2, 2) and aligned[0, 0, 0, 0] < aligned[0, 0, 1, 1]

torch.manual_seed(1)
model = torchvision.models.resnet18().eval()
with torch.no_grad():
    scores = model(torch.rand(1, 3, 64, 64))
assert scores.shape == (1, 1000) and bool(torch.isfinite(scores).all())

print("torchvision", found, "PyTorch", torch.__version__)
