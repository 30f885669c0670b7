"""Makes choosing.json: decision accuracy, top quarter, regret, slope and offset by plain NumPy
and SciPy, items repeated as often as they count; Holm's correction by statsmodels.

Run: python makeChoosing.py > choosing.json
"""
import itertools
import json
import sys

import numpy as np
import scipy
import statsmodels
from scipy import stats
from statsmodels.stats.multitest import multipletests

rng = np.random.default_rng(11)


def number(value):
    value = float(value)
    return value if np.isfinite(value) else None


def mean(parts):
    """Mean over groups, by the items they hold."""
    parts = [(value, size) for value, size in parts if np.isfinite(value)]
    return np.average([p[0] for p in parts], weights=[p[1] for p in parts]) if parts else np.nan


def choosing(x, y, groups):
    alike = compared = 0
    top, regret, share = [], [], []
    centred_x, centred_y, gaps = [], [], []
    for group in np.unique(groups):
        a, b = x[groups == group], y[groups == group]
        if len(a) < 2:
            continue
        for i, j in itertools.combinations(range(len(a)), 2):
            sign = np.sign(a[i] - a[j]) * np.sign(b[i] - b[j])
            compared += sign != 0
            alike += sign > 0
        k = int(np.ceil(len(a) / 4))
        best_x = np.argsort(a, kind='stable')[:k]
        best_y = np.argsort(b, kind='stable')[:k]
        # Items that were repeated are one value: what counts is how many of it are in both.
        both = sum(
            min((a[best_x] == value).sum(), (a[best_y] == value).sum()) for value in np.unique(a)
        )
        top.append((both / k, len(a)))
        loss = b[a == a.min()].mean() - b.min()
        regret.append((loss, len(a)))
        share.append((loss / (b.max() - b.min()) if b.max() > b.min() else np.nan, len(a)))
        centred_x.extend(a - a.mean())
        centred_y.extend(b - b.mean())
        gaps.extend(b - a)
    slope = (
        stats.linregress(centred_x, centred_y).slope
        if np.ptp(centred_x) > 0
        else np.nan
    )
    return [
        number(alike / compared if compared else np.nan),
        number(mean(top)),
        number(mean(regret)),
        number(mean(share)),
        number(slope),
        number(np.mean(gaps)),
    ]


def case(name, x, y, groups):
    x, y, groups = np.asarray(x, float), np.asarray(y, float), np.asarray(groups, int)
    counts = rng.multinomial(len(x), np.full(len(x), 1 / len(x)), size=3)
    repeated = []
    for count in counts:
        again = np.repeat(np.arange(len(x)), count)
        repeated.append({
            'counts': count.tolist(),
            'values': choosing(x[again], y[again], groups[again]),
        })
    return {
        'name': name,
        'x': x.tolist(),
        'y': y.tolist(),
        'groups': groups.tolist(),
        'values': choosing(x, y, groups),
        'repeated': repeated,
    }


def related(n, strength):
    x = rng.normal(size=n)
    return x, strength * x + rng.normal(size=n)


x, y = related(12, 1)
cases = [
    case('one group, n = 12', x, y, np.zeros(12)),
    case('three groups', *related(15, 2), [0] * 4 + [1] * 5 + [2] * 6),
    case('opposed', *related(9, -2), [0] * 9),
    case('one group of one', *related(6, 1), [0, 1, 1, 1, 1, 1]),
]
p = [0.01, 0.04, 0.03, 0.005, 0.5, 0.2]
print(json.dumps({
    'versions': {
        'python': sys.version.split()[0],
        'numpy': np.__version__,
        'scipy': scipy.__version__,
        'statsmodels': statsmodels.__version__,
    },
    'cases': cases,
    'holm': {'p': p, 'corrected': multipletests(p, method='holm')[1].tolist()},
}, indent=1))
