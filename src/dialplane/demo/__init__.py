"""The demo: acts as a new user of a freshly started platform, over its public interfaces only, and proves each step."""
