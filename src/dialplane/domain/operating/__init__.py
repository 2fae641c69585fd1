"""What only the operator of an installation sees and does: values."""
