"""Earnings candidates: the report model and its readers (JSON, HTML, a directory of reports)."""
