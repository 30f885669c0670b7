"""Makes topQuarter.json: Spearman's rho among the quarter of each group that x puts first, by SciPy's
ranks, items repeated as often as they count.

Run: python makeTopQuarter.py > topQuarter.json
"""
import json
import sys

import numpy as np
import scipy
from scipy.stats import rankdata

rng = np.random.default_rng(31)


def top_spearman(x, y, groups):
    centred_x, centred_y, freedom, seen = [], [], 0, 0
    for group in np.unique(groups):
        a, b = x[groups == group], y[groups == group]
        if len(a) < 2:
            continue
        best = np.argsort(a, kind='stable')[: int(np.ceil(len(a) / 4))]
        if len(best) < 2:
            continue
        ranks_x, ranks_y = rankdata(a[best]), rankdata(b[best])
        centred_x.extend(ranks_x - ranks_x.mean())
        centred_y.extend(ranks_y - ranks_y.mean())
        freedom, seen = freedom + len(best), seen + 1
    freedom -= max(0, seen - 1)
    u, v = np.array(centred_x), np.array(centred_y)
    if freedom < 4 or not u.any() or not v.any():
        return None
    return float(u @ v / np.sqrt((u @ u) * (v @ v)))


def case(name, groups):
    groups = np.asarray(groups)
    n = len(groups)
    x = rng.normal(size=n)
    y = x + 0.5 * rng.normal(size=n)
    repeated = []
    for count in rng.multinomial(n, np.full(n, 1 / n), size=3):
        again = np.repeat(np.arange(n), count)
        repeated.append({'counts': count.tolist(), 'value': top_spearman(x[again], y[again], groups[again])})
    return {'name': name, 'x': x.tolist(), 'y': y.tolist(), 'groups': groups.tolist(),
            'value': top_spearman(x, y, groups), 'repeated': repeated}


print(json.dumps({
    'versions': {'python': sys.version.split()[0], 'numpy': np.__version__, 'scipy': scipy.__version__},
    'cases': [
        case('one group of 24', [0] * 24),
        case('three groups', [0] * 10 + [1] * 12 + [2] * 9),
        case('too few', [0] * 12),
        case('a group of four, whose quarter is one', [0] * 4 + [1] * 20),
    ],
}))
