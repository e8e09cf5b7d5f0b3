"""Makes Python look for garbage rarely.

By default Python looks through its new objects after every 700 of them, which took a tenth of the engine's time under
load. At times it also looks through all objects, and no request is answered meanwhile.
"""

import gc

THRESHOLDS = (50_000, 20, 50)
"""After how many new objects Python looks through them, and how rarely through older ones. An order makes about 15,000
objects, and nearly all of them go without a search."""


def apply() -> None:
    gc.collect()
    # Python does not look at modules and functions any more: they stay for as long as the engine.
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
