"""Everything of a project but secrets and bars in one file: made, checked, restored, rehearsed."""
