"""An example of a downstream application: it ships what the orders app has put into OrderFulfillmentQueue."""
