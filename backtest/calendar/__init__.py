"""The exchange calendar: sessions, early closes, execution windows, and the table they are read from."""
