"""The life of one order or reminder, in order: from its row, its executions and the logs."""
