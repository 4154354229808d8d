"""Jobs: long computations as children beside the daily pipeline, with progress, cancel and schedules."""
