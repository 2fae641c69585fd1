"""What keeps strangers from harming the node: floods, guessed passwords, more calls than it can carry.

Peers that are known (trunks, phones that proved who they are, whoever we call ourselves) never suffer from what
strangers do; everything that is refused is counted, and the operator can ask for it.
"""
