"""Makes fits.json: least-squares lines with 95 % bands by NumPy and SciPy.

One slope, one intercept per group: a design matrix with a column of x and one column of ones per
group; bands from the covariance of the coefficients. Plain cases are held to scipy.stats.linregress
before they are written.

Run: python makeFits.py > fits.json
"""
import json

import numpy as np
import scipy
from scipy import stats

rng = np.random.default_rng(11)


def case(name, x, y, groups):
    x, y, groups = np.asarray(x, float), np.asarray(y, float), np.asarray(groups, int)
    count = groups.max() + 1
    design = np.column_stack([x] + [(groups == g).astype(float) for g in range(count)])
    coefficients = np.linalg.lstsq(design, y, rcond=None)[0]
    freedom = len(x) - design.shape[1]
    residuals = y - design @ coefficients
    covariance = np.linalg.inv(design.T @ design) * (residuals @ residuals) / freedom
    t = stats.t.ppf(0.975, freedom)
    if count == 1:
        plain = stats.linregress(x, y)
        assert np.isclose(plain.slope, coefficients[0], rtol=1e-9)
        assert np.isclose(plain.stderr, np.sqrt(covariance[0, 0]), rtol=1e-6)
    points = []
    for group in range(count):
        own = x[groups == group]
        for at in (own.min(), own.mean(), own.max()):
            row = np.array([at] + [float(g == group) for g in range(count)])
            middle = row @ coefficients
            half = t * np.sqrt(row @ covariance @ row)
            points.append({'group': int(group), 'x': float(at), 'y': float(middle),
                           'low': float(middle - half), 'high': float(middle + half)})
    return {'name': name, 'x': x.tolist(), 'y': y.tolist(), 'groups': groups.tolist(),
            'slope': float(coefficients[0]), 'points': points}


def related(n, slope, noise, offset=0.0):
    x = rng.uniform(1, 3, size=n) + offset
    return x, slope * x + noise * rng.normal(size=n)


def grouped(sizes, slope, noise):
    parts = [related(n, slope, noise, 2.0 * g) for g, n in enumerate(sizes)]
    groups = np.repeat(np.arange(len(sizes)), sizes)
    return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts]), groups


cases = [
    case('three pairs', [1, 2, 4], [1.1, 1.9, 4.2], [0, 0, 0]),
    case('26 pairs', *related(26, 0.8, 0.1), np.zeros(26)),
    case('200 pairs, falling', *related(200, -1.5, 1.0), np.zeros(200)),
    case('perplexities far from zero', *related(12, 1.0, 0.01, 400.0), np.zeros(12)),
    case('three groups', *grouped([4, 7, 3], 1.2, 0.2)),
    case('two groups of two', *grouped([2, 2], 0.5, 0.05)),
]
quantiles = [{'freedom': f, 't': float(stats.t.ppf(0.975, f))} for f in (1, 2, 3, 5, 10, 24, 100, 1000, 9998)]

print(json.dumps({'numpy': np.__version__, 'scipy': scipy.__version__, 'cases': cases, 'quantiles': quantiles}))
