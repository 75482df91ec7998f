#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""NumPy has the promised version and its BLAS, FFT and random generators compute right results."""
import os

import numpy

expected = os.environ["NUMPY_VERSION"]
assert numpy.__version__.split(".")[:2] == expected.split("."), f"NumPy {numpy.__version__} where {expected} was promised"

matrix = numpy.array([[4.0, 1.0, 0.0], [1.0, 3.0, 1.0], [0.0, 1.0, 2.0]])
solution = numpy.linalg.solve(matrix, numpy.array([6.0, 10.0, 8.0]))
assert numpy.allclose(matrix @ solution, [6.0, 10.0, 8.0])
assert numpy.allclose(solution, [1.0, 2.0, 3.0])

values, vectors = numpy.linalg.eigh(matrix)
assert numpy.allclose(vectors @ numpy.diag(values) @ vectors.T, matrix)

signal = numpy.sin(2 * numpy.pi * 5 * numpy.arange(64) / 64)
assert int(numpy.argmax(numpy.abs(numpy.fft.rfft(signal)))) == 5

numbers = numpy.random.default_rng(1).random((200, 200))
assert numpy.allclose(numbers @ numbers.T, numpy.einsum("ik,jk->ij", numbers, numbers))

print("NumPy", numpy.__version__)
