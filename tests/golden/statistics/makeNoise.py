"""Makes noise.json: chi-square quantiles by SciPy, variances of repeated measurements by statsmodels.

Run: python makeNoise.py > noise.json
"""
import json
import sys

import numpy as np
import pandas
import scipy
import statsmodels
from scipy import stats
from statsmodels.formula.api import ols

rng = np.random.default_rng(11)

quantiles = [
    {'p': p, 'degrees': degrees, 'value': float(stats.chi2.ppf(p, degrees))}
    for degrees in (1, 2, 3, 8, 15, 40, 121, 600)
    for p in (0.001, 0.025, 0.5, 0.975, 0.999)
]


def pooled(counts):
    repeats = [(rng.normal(size=1) + 0.1 * rng.normal(size=n)).tolist() for n in counts]
    frame = pandas.DataFrame(
        [{'thing': str(i), 'value': v} for i, values in enumerate(repeats) for v in values]
    )
    fit = ols('value ~ C(thing)', frame).fit()
    return {'repeats': repeats, 'variance': float(fit.mse_resid), 'degrees': int(fit.df_resid)}


def residual(sizes, repeats):
    groups = [g for g, n in enumerate(sizes) for _ in range(n)]
    shift = rng.normal(size=(len(sizes), repeats))
    table = [
        (rng.normal() + shift[g] + 0.05 * rng.normal(size=repeats)).tolist() for g in groups
    ]
    frame = pandas.DataFrame(
        [
            {'thing': f'{i}', 'cell': f'{groups[i]} {r}', 'value': v}
            for i, row in enumerate(table)
            for r, v in enumerate(row)
        ]
    )
    fit = ols('value ~ C(thing) + C(cell)', frame).fit()
    return {
        'table': table,
        'groups': groups,
        'variance': float(fit.ssr / fit.df_resid),
        'degrees': int(round(fit.df_resid)),
    }


json.dump(
    {
        'versions': {
            'python': sys.version.split()[0],
            'numpy': np.__version__,
            'scipy': scipy.__version__,
            'statsmodels': statsmodels.__version__,
        },
        'quantiles': quantiles,
        'pooled': [pooled(counts) for counts in ([2, 2, 2], [3, 1, 4, 2], [5] * 8)],
        'residual': [residual(sizes, n) for sizes, n in (([4], 2), ([3, 5], 3), ([6, 2, 4], 4))],
    },
    sys.stdout,
    indent=1,
)
print()
