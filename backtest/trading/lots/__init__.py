"""Tax lots: which shares a sale sold, what they cost, which losses wash sales defer."""
