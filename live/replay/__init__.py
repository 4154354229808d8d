"""History through both real stages."""
