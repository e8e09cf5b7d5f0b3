"""The metrics of the orders app. The functions emit them, and the stacks and dashboards read these names. Pure."""

from common.metrics import Measure

NAMESPACE = "Orders"

RECEIVED = Measure(NAMESPACE, "OrdersReceived", "Count")
"""A correction counts, too, because it gets an outcome of its own."""
FULFILLED = Measure(NAMESPACE, "OrdersFulfilled", "Count")
ESCALATED = Measure(NAMESPACE, "OrdersEscalated", "Count")
PARKED = Measure(NAMESPACE, "OrdersParked", "Count")

REASON = "Reason"
"""The further dimension of ESCALATED_FOR. Its values are the keys of `rules.REASONS`."""
ESCALATED_FOR = Measure(NAMESPACE, "OrdersEscalatedFor", "Count")
"""An order with several reasons counts once for each of them."""

SECONDS_TO_OUTCOME = Measure(NAMESPACE, "SecondsToOutcome", "Seconds")
"""From when an order was received or corrected until it was fulfilled, escalated or parked."""

SETTLED_LATE = Measure(NAMESPACE, "OrdersSettledLate", "Count")
"""The orders whose outcome took longer than LATE_AFTER_SECONDS. 0 is emitted, too."""
LATE_AFTER_SECONDS = 60

LOST = Measure(NAMESPACE, "OrdersLost", "Count")
"""The orders that ParkLostOrders parked."""

CACHE_HITS = Measure(NAMESPACE, "CacheHits", "Count")
CACHE_MISSES = Measure(NAMESPACE, "CacheMisses", "Count")
CACHE_BYPASSES = Measure(NAMESPACE, "CacheBypasses", "Count")
