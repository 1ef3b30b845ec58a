"""What an image encoder saw in a region."""

import numpy as np
from numpy.typing import NDArray

from unco.small_model.regions.region import Region


def features_of(region: Region) -> NDArray[np.float32]:
    """Features of a region that must have some."""
    assert region.features is not None
    return region.features
