"""Earnings books as a study tries them."""
