"""Ready syncs, one data file per system."""
