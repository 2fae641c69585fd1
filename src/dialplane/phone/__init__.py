"""A test phone for everyone: calls, answers, registers, sends digits, records what it hears.

It speaks through the same user agent and media process as the platform, but knows nothing of numbers or accounts: to
the platform it is any SIP phone. The simulated carrier of the sandbox is such phones with fixed manners.
"""
