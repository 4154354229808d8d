"""The dashboard and its API: a second shell around the answers and actions of `jutsu`, never needed by it."""
