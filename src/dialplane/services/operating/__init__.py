"""What only the operator of an installation sees and does: use cases that belong to no one account."""
