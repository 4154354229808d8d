"""Simulators that run the rules over history."""
