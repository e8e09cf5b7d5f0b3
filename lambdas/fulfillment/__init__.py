"""An example of a downstream application: it ships the orders in OrderFulfillmentQueue."""
