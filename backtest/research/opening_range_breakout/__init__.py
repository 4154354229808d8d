"""Studies of opening-range breakouts: tables of ranges, outcomes and figures by strategy."""
