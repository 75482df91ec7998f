#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""PyTorch has the promised version and CUDA; tensors, autograd, a training loop, TorchScript and saving work."""
import io
import os

import numpy
import torch

expected = os.environ["TORCH_VERSION"]
assert (torch.__version__ + ".").startswith(expected + ".") or torch.__version__.startswith(expected + "+"), \
    f"PyTorch {torch.__version__} where {expected} was promised"
promised_cuda = os.environ.get("TORCH_CUDA", "none")
assert (torch.version.cuda or "none") == promised_cuda, \
    f"PyTorch is built for CUDA {torch.version.cuda or 'none'} where {promised_cuda} was promised"

torch.manual_seed(1)
left, right = torch.rand(64, 48), torch.rand(48, 32)
assert numpy.allclose((left @ right).numpy(), left.numpy() @ right.numpy(), atol=1e-4), "matmul differs from NumPy's"

x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
(x ** 3).sum().backward()
assert torch.allclose(x.grad, torch.tensor([3.0, 12.0, 27.0])), x.grad

# A line through noise-free points is found by gradient descent.
inputs = torch.linspace(-1, 1, 64).unsqueeze(1)
targets = 3 * inputs - 2
model = torch.nn.Linear(1, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
for _ in range(100):
    optimizer.zero_grad()
    torch.nn.functional.mse_loss(model(inputs), targets).backward()
    optimizer.step()
assert abs(model.weight.item() - 3) < 0.01 and abs(model.bias.item() + 2) < 0.01, "training did not converge"

image = torch.rand(2, 3, 16, 16)
assert torch.nn.Conv2d(3, 8, 3, padding=1)(image).shape == (2, 8, 16, 16)
assert torch.allclose(torch.inverse(torch.eye(4) * 2), torch.eye(4) / 2)


@torch.jit.script
def clipped(value: torch.Tensor) -> torch.Tensor:
    return value.clamp(0.0, 1.0) * 2


assert clipped(torch.tensor([-1.0, 0.5, 9.0])).tolist() == [0.0, 1.0, 2.0]

buffer = io.BytesIO()
torch.save(model.state_dict(), buffer)
buffer.seek(0)
copy = torch.nn.Linear(1, 1)
copy.load_state_dict(torch.load(buffer))
assert torch.equal(copy(inputs), model(inputs)), "a saved model differs from the original"

print("PyTorch", torch.__version__, "CUDA", torch.version.cuda or "none")
if torch.cuda.is_available():
    device = torch.device("cuda")
    assert torch.allclose((left.to(device) @ right.to(device)).cpu(), left @ right, atol=1e-2), "GPU and CPU differ"
    print("GPU", torch.cuda.get_device_name(0))
