"""Makes design.json: greedy designs by brute force (every determinant anew) and barriers of lines,
by plain NumPy.

Run: python makeDesign.py > design.json
"""
import json
import sys

import numpy as np

rng = np.random.default_rng(29)
TERMS_PRIOR, GROUP_PRIOR = 0.01, 0.5


def information(points, groups, items):
    """Information of all terms, constants of groups first."""
    count = groups.max() + 1
    rows = np.hstack([np.eye(count)[groups[items]], points[items]])
    prior = np.diag([GROUP_PRIOR] * count + [TERMS_PRIOR] * points.shape[1])
    return prior + rows.T @ rows, count


def of_terms(points, groups, items):
    """Half the log determinant of the terms' information, and their covariance."""
    full, count = information(points, groups, items)
    half = (np.linalg.slogdet(full)[1] - np.linalg.slogdet(full[:count, :count])[1]) / 2
    return half, np.linalg.inv(full)[count:, count:]


def contrasts(covariance):
    size = len(covariance)
    less = np.eye(size) - 1 / size
    return np.diag(less @ covariance @ less.T).tolist()


def design(points, groups, taken, wanted):
    chosen = list(taken)
    steps = []
    for _ in range(wanted):
        half, before = of_terms(points, groups, chosen)
        gains = {
            item: of_terms(points, groups, chosen + [item])[0] - half
            for item in range(len(points))
            if item not in chosen
        }
        best = max(gains, key=gains.get)
        chosen.append(best)
        after = of_terms(points, groups, chosen)[1]
        steps.append(
            {
                "item": best,
                "information": gains[best],
                "before": contrasts(before),
                "after": contrasts(after),
            }
        )
    return steps


designs = []
for terms, size, held in [(3, 12, 0), (5, 30, 8), (8, 40, 20)]:
    points = rng.normal(size=(size, terms))
    groups = np.sort(rng.integers(0, 3, size))
    _, groups = np.unique(groups, return_inverse=True)
    taken = sorted(rng.choice(size, held, replace=False).tolist())
    designs.append(
        {
            "points": points.tolist(),
            "groups": groups.tolist(),
            "taken": taken,
            "steps": design(points, groups, taken, 4),
        }
    )

places = np.linspace(0, 1, 5)
lines = []
for shape in [4 + rng.normal(size=5), 4 + places * (1 - places), 5 - places, 4 - places * (1 - places)]:
    above = shape - np.interp(places, [0, 1], [shape[0], shape[-1]])
    lines.append({"losses": shape.tolist(), "above": above.tolist(), "barrier": float(above.max())})

json.dump(
    {
        "versions": {"python": sys.version.split()[0], "numpy": np.__version__},
        "designs": designs,
        "places": places.tolist(),
        "lines": lines,
    },
    sys.stdout,
)
print()
