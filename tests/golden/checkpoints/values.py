"""Statistics of tensors by NumPy in float64: of the files beside this, and of values of a closed
form with NaN and infinity among them. Histograms have intervals whose width is the smallest power
of two with which 64 on each side of zero hold every value.

    python values.py
"""
import json
from pathlib import Path

import numpy
from safetensors import safe_open

here = Path(__file__).parent


def statistics(values):
    values = values.astype(numpy.float64).ravel()
    finite = values[numpy.isfinite(values)]
    width = 2.0 ** -149
    while len(finite) and numpy.abs(finite).max() >= 64 * width:
        width *= 2
    places = numpy.floor(finite / width).astype(int)
    counts = numpy.bincount(places - places.min()) if len(finite) else []
    return {
        'min': finite.min() if len(finite) else None,
        'max': finite.max() if len(finite) else None,
        'mean': finite.mean() if len(finite) else None,
        'standardDeviation': finite.std() if len(finite) else None,
        'zeros': int((finite == 0).sum()),
        'nans': int(numpy.isnan(values).sum()),
        'infinities': int(numpy.isinf(values).sum()),
        'histogram': {
            'from': places.min() * width if len(finite) else 0,
            'width': width,
            'counts': [int(count) for count in counts],
        },
    }


def closed(length, offset):
    """The test computes the same: far from zero, so that naive sums of squares lose everything."""
    i = numpy.arange(length, dtype=numpy.float64)
    values = ((i * 37 % 101) / 64 - 0.75 + offset).astype(numpy.float32)
    values[::1000] = numpy.nan
    values[1::5000] = -numpy.inf
    values[2::7000] = 0
    return values


if __name__ == '__main__':
    found = {'versions': {'numpy': numpy.__version__}, 'tensors': {}, 'closed': {}}
    with safe_open(here / 'llama' / 'model.safetensors', 'np') as file:
        for name in file.keys():
            found['tensors'][name] = statistics(file.get_tensor(name))
    for length, offset in ((1, 0), (10, 0), (50_000, 0), (50_000, 4096)):
        found['closed'][f'{length} {offset}'] = statistics(closed(length, offset))
    (here / 'values.json').write_text(json.dumps(found) + '\n')
