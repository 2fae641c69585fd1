"""The pages, by subject: handlers that read a form, ask a service, and show a template."""
