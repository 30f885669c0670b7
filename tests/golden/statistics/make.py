"""Makes scipy.json: correlations, p-values, tails and BCa endpoints by SciPy.

Run: python make.py > scipy.json
"""
import json
import sys

import numpy as np
import scipy
from scipy import stats

rng = np.random.default_rng(7)


def number(value):
    value = float(value)
    return value if np.isfinite(value) else None


def case(name, x, y):
    x, y = np.asarray(x, float), np.asarray(y, float)
    row = {'name': name, 'x': x.tolist(), 'y': y.tolist()}
    for key, function in [('pearson', stats.pearsonr), ('spearman', stats.spearmanr), ('kendall', stats.kendalltau)]:
        with np.errstate(all='ignore'):
            result = function(x, y)
        row[key] = {'value': number(result.statistic), 'p': number(result.pvalue)}
    return row


def related(n, strength, step=None):
    x = rng.normal(size=n)
    y = strength * x + rng.normal(size=n)
    return (np.round(x / step) * step, np.round(y / step) * step) if step else (x, y)


cases = [
    case('weak, n = 10', *related(10, 0.3)),
    case('strong, n = 26', *related(26, 3)),
    case('strong, n = 40, beyond the exact Kendall', *related(40, 2)),
    case('opposed, n = 15', *related(15, -1.5)),
    case('very strong, n = 200', *related(200, 20)),
    case('n = 3', [1, 2, 4], [3, 1, 2]),
    case('n = 4, perfect', [1, 2, 3, 4], [10, 20, 25, 90]),
    case('perfect and straight', [1, 2, 3, 4, 5], [2, 4, 6, 8, 10]),
    case('perfectly opposed', [1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1]),
    case('one discordant pair, n = 36', list(range(36)), [1, 0] + list(range(2, 36))),
    case('ties in both, n = 20', *related(20, 1, 0.5)),
    case('heavy ties, n = 50', *related(50, 1, 1.0)),
    case('ties in x only', [1, 1, 2, 2, 3, 3, 4], [1.5, 0.5, 2.5, 2.0, 2.2, 4.0, 3.0]),
    case('two values against numbers', [0, 0, 0, 1, 1, 1, 1, 0], [5, 4, 6, 1, 2, 1.5, 3, 2.5]),
    case('large offset', 1e6 + np.arange(12) * 1e-3, rng.normal(size=12)),
]

def both_ways(n, x):
    y = rng.permutation(n)
    return case(f'random order, n = {n}', x, y)

cases += [both_ways(n, np.arange(n)) for n in (5, 8, 33, 34, 60)]

tails = [
    {'r': r, 'n': n, 'p': float(2 * stats.t.sf(abs(r) * np.sqrt((n - 2) / ((1 - r) * (1 + r))), n - 2))}
    for r in (0.001, 0.1, 0.444, 0.632, 0.9, 0.999)
    for n in (3, 4, 5, 10, 27, 100, 201)
]
normals = [{'z': z, 'twoSided': float(2 * stats.norm.sf(abs(z)))} for z in (0, 1e-8, 0.1, 0.5, 1, 1.96, 2.7, 2.9, 4, 8, 20)]
quantiles = [{'share': s, 'z': float(stats.norm.ppf(s))} for s in (1e-10, 0.001, 0.025, 0.3, 0.5, 0.6, 0.975, 0.9999)]


def bootstrap_case(name, x, y, function):
    result = stats.bootstrap(
        (x, y), lambda a, b: function(a, b)[0], paired=True, vectorized=False,
        n_resamples=400, method='BCa', random_state=np.random.default_rng(3))
    percentile = stats.bootstrap(
        (x, y), lambda a, b: function(a, b)[0], paired=True, vectorized=False,
        n_resamples=0, bootstrap_result=result, method='percentile')
    n = len(x)
    jackknife = [float(function(np.delete(x, i), np.delete(y, i))[0]) for i in range(n)]
    return {
        'name': name,
        'estimate': float(function(x, y)[0]),
        'jackknife': jackknife,
        'distribution': result.bootstrap_distribution.tolist(),
        'bca': [float(result.confidence_interval.low), float(result.confidence_interval.high)],
        'percentile': [float(percentile.confidence_interval.low), float(percentile.confidence_interval.high)],
    }


x, y = related(20, 1)
bootstraps = [
    bootstrap_case('pearson, n = 20', x, y, stats.pearsonr),
    bootstrap_case('spearman, n = 20', x, y, stats.spearmanr),
    bootstrap_case('kendall, n = 20', x, y, stats.kendalltau),
]

json.dump({
    'made': {'scipy': scipy.__version__, 'numpy': np.__version__, 'python': sys.version.split()[0]},
    'correlations': cases,
    'tails': tails,
    'normals': normals,
    'quantiles': quantiles,
    'bootstraps': bootstraps,
}, sys.stdout, indent=1)
print()
