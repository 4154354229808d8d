"""Figures for a monitoring system: gathered from the ledger, written as one text file or printed."""
