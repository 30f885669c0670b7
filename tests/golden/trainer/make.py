"""Makes the .npy files that Assay's own are held against, byte by byte.

    python make.py    (NumPy 2.4.6)
"""

from pathlib import Path

import numpy as np

folder = Path(__file__).parent
np.save(folder / "uint16.npy", np.arange(6 * 17, dtype="<u2").reshape(6, 17) * 641)
np.save(folder / "uint32.npy", np.arange(2 * 3, dtype="<u4").reshape(2, 3) * 65_537)
