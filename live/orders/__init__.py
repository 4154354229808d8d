"""One order from plan to book: submission, matching, booking, recovery."""
