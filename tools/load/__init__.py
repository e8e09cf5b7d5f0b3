"""What the load that a stage declares needs of AWS's quotas. The doctor and the simulation use it."""
