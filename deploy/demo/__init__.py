"""The demo: a year of a grocery chain's real purchases, replayed as orders and proved to the unit."""
