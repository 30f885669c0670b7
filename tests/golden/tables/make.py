"""Makes one made-up sweep in every layout of tables, and expected.json: its agreement by SciPy.

long.csv: a row per mixture, domain, role and random seed. ratios-*.csv and metrics-*.csv: a row per
run, as RegMix publishes them. wandb.csv: a row per run, as W&B exports them.

Run: python make.py
"""
import csv
import json
import sys

import numpy as np
import scipy
from scipy import stats

rng = np.random.default_rng(11)
PARTITIONS = ['arxiv', 'books', 'code', 'web']
DOMAINS = ['arxiv', 'code', 'wiki']


def shares(held):
    weights = np.zeros(4)
    weights[held] = rng.dirichlet(np.ones(len(held)) * 2)
    weights = np.round(weights, 3)
    return weights if (weights[held] > 0.002).all() else shares(held)


mixtures = [shares([0, 1, 2, 3]) for _ in range(12)] + [shares(list(pair)) for pair in
            [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]]
names = [f'm{i:02d}' for i in range(len(mixtures))]
slope = np.array([[1.2, 0.1, 0.2, 0.4], [0.2, 0.1, 1.4, 0.3], [0.5, 0.6, 0.1, 0.9]])


def loss(i, d, offset, noise):
    return offset - 0.8 * float(slope[d] @ np.sqrt(mixtures[i])) + float(rng.normal(0, noise))


# (mixture, role) -> random seed -> domain -> loss
runs = {}
for i in range(len(mixtures)):
    runs[i, 'proxy'] = {s: {d: loss(i, d, 4.0, 0.08) for d in range(3)} for s in (1, 2)}
for i in [*range(9), 12, 13, 14, 15, 16]:
    seeds = (1, 2, 3) if i < 3 else (1,)
    runs[i, 'sequential'] = {s: {d: loss(i, d, 3.2, 0.03) for d in range(3)} for s in seeds}
# One domain of one model was never measured.
for of_seed in runs[4, 'sequential'].values():
    del of_seed[2]


def write(path, header, rows):
    with open(path, 'w', newline='') as file:
        writer = csv.writer(file, lineterminator='\n')
        writer.writerow(header)
        writer.writerows(rows)


write('long.csv',
      ['mixture', *[f'weight:{p}' for p in PARTITIONS], 'domain', 'role', 'loss', 'random_seed'],
      [[names[i], *mixtures[i], DOMAINS[d], role, value, seed]
       for (i, role), by_seed in runs.items()
       for seed, by_domain in by_seed.items()
       for d, value in by_domain.items()])


def mean(i, role, d):
    own = [by_domain[d] for by_domain in runs[i, role].values() if d in by_domain]
    return float(np.mean(own)) if own else np.nan


for size, role in (('1m', 'proxy'), ('1B', 'sequential')):
    own = [i for i in range(len(mixtures)) if (i, role) in runs]
    write(f'ratios-{size}.csv', ['index', *[f'train_the_pile_{p}' for p in PARTITIONS]],
          [[i, *mixtures[i]] for i in own])
    write(f'metrics-{size}.csv', ['index', *[f'metric/the_pile_{d}_val_loss' for d in DOMAINS]],
          [[i, *['' if np.isnan(mean(i, role, d)) else mean(i, role, d) for d in range(3)]] for i in own])

write('wandb.csv',
      ['Name', 'State', *[f'mix.{p}' for p in PARTITIONS], 'role', 'seed',
       *[f'eval/{d}/perplexity' for d in DOMAINS], '_runtime'],
      [[f'run-{names[i]}-{role}-{seed}', 'finished', *(100 * mixtures[i]).round(1), role, seed,
        *['' if d not in by_domain else float(np.exp(by_domain[d])) for d in range(3)], 12.5]
       for (i, role), by_seed in runs.items()
       for seed, by_domain in by_seed.items()])


def statistics(x, y):
    return {
        'n': len(x),
        'pearson': float(stats.pearsonr(x, y).statistic),
        'spearman': float(stats.spearmanr(x, y).statistic),
        'kendall': float(stats.kendalltau(x, y).statistic),
    }


def pairs(of):
    own = [(i, of(i, 'proxy'), of(i, 'sequential')) for i in range(len(mixtures)) if (i, 'sequential') in runs]
    return [(i, x, y) for i, x, y in own if np.isfinite(x) and np.isfinite(y)]


def within_size(rows):
    """Spearman's rho of ranks within each size less their mean."""
    ranks = []
    for size in (2, 4):
        group = [(x, y) for i, x, y in rows if (mixtures[i] > 0).sum() == size]
        ranks.append(np.array([stats.rankdata([x for x, _ in group]), stats.rankdata([y for _, y in group])])
                     - (len(group) + 1) / 2)
    x, y = np.concatenate(ranks, axis=1)
    return {'n': len(x), 'spearman': float((x @ y) / np.sqrt((x @ x) * (y @ y)))}


by_domain = {}
for d, name in enumerate(DOMAINS):
    rows = pairs(lambda i, role: np.exp(mean(i, role, d)))
    by_domain[name] = statistics([x for _, x, _ in rows], [y for _, _, y in rows])
means = pairs(lambda i, role: np.mean([mean(i, role, d) for d in range(3)]))

json.dump({
    'made': {'scipy': scipy.__version__, 'numpy': np.__version__, 'python': sys.version.split()[0]},
    'all': by_domain,
    'mean-all-log': statistics([x for _, x, _ in means], [y for _, _, y in means]),
    'headline': within_size(means),
    'm00': {role: {name: float(np.exp(mean(0, role, d))) for d, name in enumerate(DOMAINS)}
            for role in ('proxy', 'sequential')},
}, open('expected.json', 'w'), indent=1)
