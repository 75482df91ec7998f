#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""OpenCV has the promised version; codecs, geometry, features, video files and the DNN module work without a display."""
import os
import tempfile

import cv2
import numpy

expected = os.environ["OPENCV_VERSION"]
assert cv2.__version__.split(".")[:2] == expected.split("."), f"OpenCV {cv2.__version__} where {expected} was promised"

image = numpy.zeros((120, 160, 3), numpy.uint8)
cv2.rectangle(image, (40, 30), (119, 89), (0, 128, 255), -1)

done, encoded = cv2.imencode(".png", image)
assert done and numpy.array_equal(cv2.imdecode(encoded, cv2.IMREAD_COLOR), image), "png is not lossless"
done, encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 95])
assert done and numpy.abs(cv2.imdecode(encoded, cv2.IMREAD_COLOR).astype(int) - image).mean() < 3, "jpeg is too far off"

half = cv2.resize(image, (80, 60), interpolation=cv2.INTER_AREA)
assert half.shape == (60, 80, 3) and half[30, 40].tolist() == [0, 128, 255] and half[0, 0].tolist() == [0, 0, 0]

grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
contours = cv2.findContours(cv2.Canny(grey, 50, 150), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[-2]
assert len(contours) == 1 and abs(cv2.contourArea(contours[0]) - 79 * 59) < 400, "the rectangle was not found"

noise = numpy.random.default_rng(1).integers(0, 255, (120, 160), dtype=numpy.uint8)
assert len(cv2.ORB_create().detect(cv2.GaussianBlur(noise, (5, 5), 0), None)) > 10

with tempfile.TemporaryDirectory() as work:
    path = os.path.join(work, "clip.avi")
    writer = cv2.VideoWriter(path, cv2.VideoWriter_fourcc(*"MJPG"), 10, (160, 120))
    assert writer.isOpened()
    for _ in range(5):
        writer.write(image)
    writer.release()
    reader, frames = cv2.VideoCapture(path), 0
    while reader.read()[0]:
        frames += 1
    assert frames == 5, f"{frames} of 5 frames came back"

blob = cv2.dnn.blobFromImage(image, 1 / 255.0, (32, 32))
assert blob.shape == (1, 3, 32, 32) and 0 < blob.max() <= 1

print("OpenCV", cv2.__version__)
