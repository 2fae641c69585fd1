"""`/operator/v1`: what only the installation's operator does. JSON, a bearer key, problems as in RFC 9457."""
