"""Every setting, read and checked once at the start; nothing else looks at the environment."""
