"""The same work in NumPy: `npm run bench -- --evidence` runs this beside Assay.

ensemble: weighted average of ten branches' probabilities of 50,000 tokens, its logs summed by document.
bootstrap: Pearson's r and Spearman's rho of 200 mixtures on 30 domains in 10,000 resamples, all resamples
of a domain at once; ranks from counts, so that what is drawn twice ties. Kendall's tau is left out.
search: all subsets of 16 members, built by doubling, on 2,048 tokens. Prints one JSON line.
"""
import argparse
import json
import os
import resource
import time

for name in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS'):
    os.environ[name] = '1'

import numpy as np  # noqa: E402

TOKENS, BRANCHES, MEMBERS, DOCUMENT = 50_000, 10, 16, 500
RESAMPLES, DOMAINS, MIXTURES = 10_000, 30, 200
SEARCHED, BLOCK = 2048, 64
rng = np.random.default_rng(3)


def probabilities(count, tokens):
    return np.exp(-(1 + 8 * rng.random((count, tokens))))


def best_of(repetitions, work):
    best = np.inf
    for _ in range(repetitions):
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
    return best


def ensemble(repetitions):
    each = probabilities(BRANCHES, TOKENS)
    starts = np.arange(0, TOKENS, DOCUMENT)

    def work():
        weights = rng.dirichlet(np.ones(BRANCHES))
        return np.add.reduceat(-np.log(weights @ each), starts)

    return {'mixturesPerSecond': 1 / best_of(repetitions, work)}


def correlation(counts, a, b):
    """Correlation of each resample; a and b by item, or by resample and item."""
    n = counts.sum(axis=1)
    sums = lambda values: (counts * values).sum(axis=1)
    sum_a, sum_b = sums(a), sums(b)
    covariance = sums(a * b) - sum_a * sum_b / n
    return covariance / np.sqrt((sums(a * a) - sum_a**2 / n) * (sums(b * b) - sum_b**2 / n))


def ranks(counts, values):
    order = np.argsort(values)
    ordered = counts[:, order]
    middle = np.cumsum(ordered, axis=1) - (ordered - 1) / 2
    out = np.empty_like(middle)
    out[:, order] = middle
    return out


def bootstrap(repetitions):
    x = rng.random((DOMAINS, MIXTURES))
    y = x + rng.random((DOMAINS, MIXTURES))

    def work():
        drawn = rng.multinomial(MIXTURES, np.full(MIXTURES, 1 / MIXTURES), size=RESAMPLES).astype(float)
        for a, b in zip(x, y):
            plain = correlation(drawn, a - a.mean(), b - b.mean())
            ranked = correlation(drawn, ranks(drawn, a), ranks(drawn, b))
            np.percentile(plain, [2.5, 97.5])
            np.percentile(ranked, [2.5, 97.5])

    return {'elapsedSeconds': best_of(repetitions, work)}


def search(repetitions):
    each = probabilities(MEMBERS, SEARCHED)

    def work():
        logs = np.zeros(2**MEMBERS)
        sums = np.zeros((2**MEMBERS, BLOCK))
        for first in range(0, SEARCHED, BLOCK):
            block = each[:, first : first + BLOCK]
            sums[0] = 0
            for member in range(MEMBERS):
                np.add(sums[: 2**member], block[member], out=sums[2**member : 2 ** (member + 1)])
            logs[1:] += np.log(sums[1:]).sum(axis=1)

    return {'subsetTokensPerSecond': 2**MEMBERS * SEARCHED / best_of(repetitions, work)}


parser = argparse.ArgumentParser()
parser.add_argument('what', choices=['ensemble', 'bootstrap', 'search'])
parser.add_argument('--repetitions', type=int, default=1)
options = parser.parse_args()
work = {'ensemble': ensemble, 'bootstrap': bootstrap, 'search': search}[options.what]
print(json.dumps({
    **work(options.repetitions),
    'peakBytes': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    'numpy': np.__version__,
}))
