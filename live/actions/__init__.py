"""What a person does, one function each: explicit inputs, frozen results, typed errors; no printing."""
