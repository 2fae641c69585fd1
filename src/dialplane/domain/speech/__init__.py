"""Speech as data: languages, voices, and the names that the dialects have for them."""
