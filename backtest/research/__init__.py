"""Studies on top of the simulators: look-ahead audit, parameter sets, optimisation."""
