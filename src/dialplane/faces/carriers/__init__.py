"""Where carriers send to: `POST /carriers/v1/{account id}/…`. No credential but the carrier's signature."""
