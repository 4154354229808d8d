"""What every other room speaks: bars, decisions, planned orders, execution rules, documents, files, errors."""
