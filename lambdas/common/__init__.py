"""Code that the handlers of both apps share."""

import gc

# A function imports 60,000 to 100,000 objects, and keeps them all. By default Python searches them for garbage more
# than a hundred times meanwhile, which takes a tenth of a cold start. See decision D160.
gc.set_threshold(200_000)
