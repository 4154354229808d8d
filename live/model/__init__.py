"""Words shared by ledger, brokers and stages: order ids, order states, broker and feed protocols."""
