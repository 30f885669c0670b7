"""What PyTorch and NumPy round float32 to in 16 bits: every exponent, both signs, values at and
beside the middle between two halves, and 200,000 bit patterns of a linear congruential generator.

    python halves.py

The patterns are of a closed form that the test computes too. NaN is told as one value.
"""
import hashlib
import json
from pathlib import Path

import numpy
import torch

FRACTIONS = sorted({0, 1, 2, 0x7FFFFF, 0x400000, *(
    middle + beside
    for middle in (0x0800, 0x1000, 0x2000, 0x3000, 0x4000, 0x8000, 0xC000, 0x10000, 0x18000,
                   0x7FE000, 0x7FF000, 0x7F8000, 0x7F0000, 0x200000, 0x600000, 0x100000)
    for beside in (-1, 0, 1))})


def patterns():
    bits = [sign << 31 | exponent << 23 | fraction
            for sign in (0, 1) for exponent in range(256) for fraction in FRACTIONS]
    state = 1
    for _ in range(200_000):
        state = (state * 1664525 + 1013904223) % 2**32
        bits.append(state)
    return numpy.array(bits, dtype='<u4')


def digest(halves, is_nan, nan):
    told = halves.copy()
    told[is_nan] = nan
    return hashlib.sha256(told.astype('<u2').tobytes()).hexdigest()


if __name__ == '__main__':
    bits = patterns()
    values = bits.view('<f4')
    is_nan = numpy.isnan(values)
    tensor = torch.from_numpy(values.copy())
    bf16 = tensor.to(torch.bfloat16).view(torch.uint16).numpy()
    f16 = tensor.to(torch.float16).view(torch.uint16).numpy()
    with numpy.errstate(over='ignore'):
        by_numpy = values.astype(numpy.float16).view('<u2')
    assert (f16[~is_nan] == by_numpy[~is_nan]).all()
    found = {
        'versions': {module.__name__: module.__version__ for module in (torch, numpy)},
        'count': len(bits),
        'fractions': FRACTIONS,
        'bfloat16': digest(bf16, is_nan, 0x7FC0),
        'float16': digest(f16, is_nan, 0x7E00),
    }
    (Path(__file__).parent / 'halves.json').write_text(json.dumps(found) + '\n')
