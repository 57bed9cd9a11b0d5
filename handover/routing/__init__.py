"""Who answers whom, and how long that takes. `model`, `rules` and `wait` are pure: data in, decision out, the clock is given."""
