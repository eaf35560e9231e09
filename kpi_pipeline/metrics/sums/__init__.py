"""The sums of every measure's cases, made in one pass, and the lists of cases that are looked at beside them."""
