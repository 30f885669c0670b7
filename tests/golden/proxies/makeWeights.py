"""Makes weights.json: the best shares of fixed members, by SciPy's constrained optimisers.

Run: python makeWeights.py > weights.json

Each case is solved by SLSQP and by trust-constr, which must agree to 3e-5 (where trust-constr's
barrier stops it), from the same made-up probabilities: two texts, four members of which the last is
useless and the third hardly better.
"""
import json

import numpy as np
import scipy
from scipy.optimize import Bounds, LinearConstraint, NonlinearConstraint, minimize

rng = np.random.default_rng(7)


def text(tokens, strengths):
    base = rng.beta(0.7, 2.0, size=tokens)
    return [np.clip(base * s * np.exp(0.8 * rng.normal(size=tokens)), 1e-6, 0.999) for s in strengths]


texts = [text(60, [1.0, 0.5, 0.6, 0.2]), text(45, [0.4, 1.0, 0.6, 0.2])]


def loss(w, t):
    return -np.mean(np.log(w @ np.asarray(texts[t])))


def slope(w, t):
    p = np.asarray(texts[t])
    return -(p / (w @ p)).mean(axis=1)


def solve(weights, least, most, ceilings):
    target = lambda w: sum(c * loss(w, t) for t, c in enumerate(weights))
    gradient = lambda w: sum(c * slope(w, t) for t, c in enumerate(weights))
    start = np.full(4, 0.25)
    slsqp = minimize(
        target, start, jac=gradient, method='SLSQP', bounds=list(zip(least, most)),
        constraints=[{'type': 'eq', 'fun': lambda w: w.sum() - 1}]
        + [{'type': 'ineq', 'fun': lambda w, t=t, m=m: m - loss(w, t), 'jac': lambda w, t=t: -slope(w, t)} for t, m in ceilings],
        options={'ftol': 1e-15, 'maxiter': 2000},
    )
    trust = minimize(
        target, start, jac=gradient, method='trust-constr', bounds=Bounds(least, most),
        constraints=[LinearConstraint(np.ones(4), 1, 1)]
        + [NonlinearConstraint(lambda w, t=t: loss(w, t), -np.inf, m, jac=lambda w, t=t: slope(w, t)[None]) for t, m in ceilings],
        options={'gtol': 1e-10, 'xtol': 1e-14, 'maxiter': 20000},
    )
    assert slsqp.success and np.allclose(slsqp.x, trust.x, atol=2e-4) and abs(slsqp.fun - trust.fun) < 3e-5, (slsqp, trust)
    return {
        'weights': weights, 'least': least, 'most': most,
        'ceilings': [{'text': t, 'most': m} for t, m in ceilings],
        'shares': slsqp.x.tolist(), 'target': slsqp.fun,
        'losses': [loss(slsqp.x, t) for t in range(2)],
    }


free = dict(least=[0.0] * 4, most=[1.0] * 4, ceilings=[])
alike = solve([0.5, 0.5], **free)
first = solve([1.0, 0.0], **free)
between = (alike['losses'][1] + first['losses'][1]) / 2
cases = [
    alike,
    first,
    solve([0.25, 0.75], **free),
    solve([0.5, 0.5], [0.0, 0.0, 0.0, 0.1], [1.0, 0.3, 1.0, 1.0], []),
    solve([1.0, 0.0], [0.0] * 4, [0.5, 1.0, 1.0, 1.0], []),
    solve([1.0, 0.0], [0.0] * 4, [1.0] * 4, [(1, between)]),
    solve([1.0, 0.0], [0.0, 0.0, 0.3, 0.0], [1.0] * 4, [(1, between), (0, first['losses'][0] + 1)]),
]
print(json.dumps({
    'versions': {'numpy': np.__version__, 'scipy': scipy.__version__},
    'texts': [[list(map(float, member)) for member in one] for one in texts],
    'cases': cases,
}))
