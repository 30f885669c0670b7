"""Makes sizeOffset.json: offsets by size learned and judged by scikit-learn.

Run: python makeSizeOffset.py > sizeOffset.json

Truth less proxy by RidgeCV without folds on ln partitions and ln branches; mixtures left out one at
a time by LeaveOneOut, the penalty chosen anew each time.
"""
import json

import numpy as np
import sklearn
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import LeaveOneOut, cross_val_predict

rng = np.random.default_rng(5)
PENALTIES = [10 ** (i / 4 - 6) for i in range(37)]


def accuracy(values, truth, size):
    alike, compared = 0, 0
    for a in range(len(values)):
        for b in range(a):
            if size[a] == size[b]:
                continue
            sign = np.sign(values[a] - values[b]) * np.sign(truth[a] - truth[b])
            compared += int(sign != 0)
            alike += int(sign > 0)
    return alike / compared, compared


def regret(values, truth):
    return float(truth[int(np.argmin(values))] - truth.min())


def example(name, n, slopes, noise, units):
    size = rng.integers(2, 6, size=n)
    branches = size + (rng.integers(0, 2, size=n) if units else 0)
    terms = np.column_stack([np.log(size), np.log(branches)])
    truth = 4 - 0.3 * np.log(branches) + 0.05 * rng.normal(size=n)
    offset = 0.1 + terms @ np.asarray(slopes) + noise * rng.normal(size=n)
    proxy = truth - offset
    fit = RidgeCV(alphas=PENALTIES).fit(terms, offset)
    left_out = cross_val_predict(RidgeCV(alphas=PENALTIES), terms, offset, cv=LeaveOneOut())
    constant = np.array([np.delete(offset, i).mean() for i in range(n)])
    raw, pairs = accuracy(proxy, truth, size)
    levelled, _ = accuracy(proxy + left_out, truth, size)
    count, _ = accuracy(-branches, truth, size)
    rmse = lambda found: float(np.sqrt(np.mean((found - offset) ** 2)))
    return {
        'name': name,
        'points': [
            {'size': int(s), 'partitions': int(s), 'branches': int(k), 'proxy': float(x), 'truth': float(t)}
            for s, k, x, t in zip(size, branches, proxy, truth)],
        'expected': {
            'intercept': float(fit.intercept_), 'perPartition': float(fit.coef_[0]), 'perBranch': float(fit.coef_[1]),
            'leftOut': left_out.tolist(), 'rmse': {'raw': rmse(constant), 'levelled': rmse(left_out)},
            'pairs': pairs, 'accuracy': {'raw': raw, 'levelled': levelled}, 'countAccuracy': count,
            'regret': {'raw': regret(proxy, truth), 'levelled': regret(proxy + left_out, truth)},
        },
    }


print(json.dumps({
    'scikit-learn': sklearn.__version__, 'numpy': np.__version__,
    'examples': [
        example('20 mixtures, partitions of one and two units', 20, [-0.5, 0.1], 0.03, True),
        example('12 mixtures of one unit each', 12, [-0.4, -0.1], 0.02, False),
        example('nothing to learn', 16, [0, 0], 0.05, True),
    ],
}))
