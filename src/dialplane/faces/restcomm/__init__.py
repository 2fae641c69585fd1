"""Restcomm's API (`/restcomm/2012-04-24`, also `/api/2012-04-24`) and Twilio's (`/2010-04-01`): one set of resources.

What tells the two apart stands in `dialects.py`.
"""
