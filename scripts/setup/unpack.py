"""Takes the libraries and headers that Assay needs out of one wheel.

usage: unpack.py WHEEL FOLDER   prints the bytes written so far, one number a line
"""

import os
import shutil
import sys
import zipfile

HEADERS = ("tensorflow/include/tensorflow/", "tensorflow/include/xla/tsl/", "tensorflow/include/tsl/")
LIBRARIES = ("tensorflow/libtensorflow_cc.so.2", "tensorflow/libtensorflow_framework.so.2")


def place(name):
    """Where a member of the wheel goes, or None when it is not needed."""
    if name in LIBRARIES:
        return os.path.join("lib", os.path.basename(name))
    if name.startswith(HEADERS) and name.endswith(".h"):
        return name[len("tensorflow/"):]
    # libtensorflow's own search path looks for CUDA in ../nvidia/<library>/lib.
    parts = name.split("/")
    if len(parts) == 4 and parts[0] == "nvidia" and parts[2] == "lib" and ".so" in parts[3]:
        return name
    return None


def main(wheel, folder):
    written = 0
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.infolist():
            target = place(member.filename)
            if target is None:
                continue
            path = os.path.join(folder, target)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with archive.open(member) as source, open(path, "wb") as out:
                shutil.copyfileobj(source, out, 1 << 20)
            written += member.file_size
            print(written, flush=True)


main(*sys.argv[1:])
