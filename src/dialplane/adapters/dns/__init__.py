"""What the Domain Name System has of hosts."""
