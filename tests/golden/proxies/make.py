"""Makes regressions.json: losses predicted from shares by scikit-learn, SciPy and LightGBM.

Run: python make.py > regressions.json

Linear and ridge by LinearRegression and RidgeCV without folds; leave-one-out predictions by
cross_val_predict; the mixing law by least_squares with Huber's loss from 40 random starts, its last
exponent held at 0; boosted trees by GradientBoostingRegressor, held to itself with other random states
(which settle ties) before they are written, and to LightGBM with a bin per value: at the points
fitted on, since between them LightGBM divides at the nearest of all values, not of the node's.

Shares are multiples of 2^-20, so that they sum to 1 exactly and are the same in 32 bits, which is
what scikit-learn's trees read.
"""
import json

import lightgbm
import numpy as np
import scipy
import sklearn
from scipy.optimize import least_squares
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import LinearRegression, Ridge, RidgeCV
from sklearn.model_selection import LeaveOneOut, cross_val_predict

rng = np.random.default_rng(23)
PENALTIES = [10 ** (i / 4 - 6) for i in range(37)]
HUBER_DELTA = 0.02


def shares(n, members, concentration=1.0):
    rows = np.floor(rng.dirichlet(np.full(members, concentration), size=n) * 2**20)
    rows[:, 0] += 2**20 - rows.sum(axis=1)
    return rows / 2**20


def subsets(members, size):
    """Equal shares of every subset of a size, a power of two, so that they are exact."""
    chosen = [[(mask >> j) & 1 for j in range(members)] for mask in range(2**members)]
    return np.array([row for row in chosen if sum(row) == size], float) / size


def law(x, floor, scale, exponents, noise=0.0):
    return floor + scale * np.exp(x @ np.asarray(exponents)) + noise * rng.normal(size=len(x))


def rows(x):
    return [[float(value) for value in row] for row in x]


def straight(name, x, y, at):
    linear = LinearRegression().fit(x, y)
    ridge = RidgeCV(alphas=PENALTIES).fit(x, y)
    held_out = {
        'linear': cross_val_predict(LinearRegression(), x, y, cv=LeaveOneOut()),
        'ridge': cross_val_predict(RidgeCV(alphas=PENALTIES), x, y, cv=LeaveOneOut()),
    }
    # The closed form is held to leaving each point out in turn.
    errors = [np.mean((cross_val_predict(Ridge(a, solver='svd'), x, y, cv=LeaveOneOut()) - y) ** 2) for a in PENALTIES]
    assert np.isclose(PENALTIES[int(np.argmin(errors))], ridge.alpha_), name
    return {
        'name': name, 'shares': rows(x), 'losses': y.tolist(), 'at': rows(at), 'penalty': float(ridge.alpha_),
        'predictions': {'linear': linear.predict(at).tolist(), 'ridge': ridge.predict(at).tolist()},
        'heldOut': {key: value.tolist() for key, value in held_out.items()},
    }


def exponential(name, x, y, at):
    members = x.shape[1]

    def curve(p, x):
        return p[0] + np.exp(p[1] + x[:, :-1] @ p[2:])

    best = None
    for _ in range(40):
        floor = rng.uniform(0, y.min())
        start = np.concatenate([[floor, np.log(y.mean() - floor)], rng.normal(size=members - 1)])
        fit = least_squares(
            lambda p: curve(p, x) - y, start, loss='huber', f_scale=HUBER_DELTA, method='trf', max_nfev=20000,
            bounds=([0] + [-np.inf] * members, np.inf), xtol=1e-15, ftol=1e-15, gtol=1e-15)
        best = fit if best is None or fit.cost < best.cost else best
    return {'name': name, 'shares': rows(x), 'losses': y.tolist(), 'at': rows(at), 'cost': float(best.cost),
            'floor': float(best.x[0]), 'predictions': curve(best.x, at).tolist()}


def boosted(name, x, y, at, trees, rate, depth, leaf):
    def fit(state):
        return GradientBoostingRegressor(
            n_estimators=trees, learning_rate=rate, max_depth=depth, min_samples_leaf=leaf,
            loss='squared_error', subsample=1.0, random_state=state).fit(x, y)

    model = fit(0)
    predictions = model.predict(at)
    for state in range(1, 6):
        assert np.allclose(fit(state).predict(at), predictions, atol=1e-12), f'{name}: ties between members'
    light = lightgbm.LGBMRegressor(
        n_estimators=trees, learning_rate=rate, max_depth=depth, num_leaves=2**depth, min_child_samples=leaf,
        min_child_weight=0, min_split_gain=0, reg_lambda=0, max_bin=4096, min_data_in_bin=1, verbose=-1,
        deterministic=True, force_row_wise=True, num_threads=1).fit(x, y)
    assert np.allclose(light.predict(x), model.predict(x), atol=1e-6), f'{name}: LightGBM'
    return {'name': name, 'shares': rows(x), 'losses': y.tolist(), 'at': rows(at),
            'settings': {'trees': trees, 'learningRate': rate, 'depth': depth, 'pointsPerLeaf': leaf},
            'predictions': predictions.tolist()}


def curved(x, noise=0.01):
    """Losses with a bend and an interaction, which straight lines miss and trees see."""
    y = 4 - 0.6 * x[:, 0] + 0.8 * (x[:, 1] - 0.3) ** 2 - 0.9 * x[:, 0] * x[:, 2]
    return y + noise * rng.normal(size=len(x))


five = shares(24, 5)
few = shares(6, 8)
pairs = subsets(6, 2)
spread = shares(30, 4)
slopes = np.array([-0.5, 0.2, 0.1, -0.1, 0.3])
wild = law(spread, 2.5, 1.5, [-2, 0.3, 0.1, -0.4], 0.004)
wild[[3, 17]] += [0.4, -0.3]

print(json.dumps({
    'scikit-learn': sklearn.__version__, 'scipy': scipy.__version__, 'lightgbm': lightgbm.__version__,
    'numpy': np.__version__, 'huberDelta': HUBER_DELTA,
    'straight': [
        straight('24 mixtures of 5', five, 3 + five @ slopes + 0.02 * rng.normal(size=24), shares(5, 5)),
        straight('fewer mixtures than members', few, 3 + few[:, 0] + 0.02 * rng.normal(size=6), shares(5, 8)),
        straight('pairs of 6', pairs, 4 - pairs[:, 0] + 0.05 * rng.normal(size=15), subsets(6, 4)),
        straight('nothing to learn', five, 3 + 0.1 * rng.normal(size=24), shares(5, 5)),
    ],
    'exponential': [
        exponential('planted without noise', spread, law(spread, 2.5, 1.5, [-2, 0.3, 0.1, -0.4]), shares(5, 4)),
        exponential('two wild points', spread, wild, shares(5, 4)),
        exponential('straight and noisy, so that the floor is at 0', five, 3 + five @ slopes + 0.02 * rng.normal(size=24), shares(5, 5)),
        exponential('pairs of 6', pairs, law(pairs, 3, 0.8, [-2, 0.1, 0.2, 0, -0.5, 0.3], 0.01), subsets(6, 4)),
    ],
    'boosted': [
        boosted('40 mixtures of 5', *(lambda x: (x, curved(x)))(shares(40, 5)), shares(8, 5), 100, 0.05, 3, 5),
        boosted('120 mixtures of 6', *(lambda x: (x, curved(x)))(shares(120, 6)), shares(8, 6), 60, 0.1, 4, 8),
        boosted('stumps on 30 mixtures of 4', *(lambda x: (x, curved(x)))(shares(30, 4)), shares(8, 4), 200, 0.05, 1, 4),
    ],
}))
