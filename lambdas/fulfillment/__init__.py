"""An example of a downstream application: it ships the orders in OrderFulfillmentQueue."""

import common  # noqa: F401  The garbage collector must rest before a handler imports boto3.
