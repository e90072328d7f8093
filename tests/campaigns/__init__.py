"""Campaigns against the real daemon process; the servers' own content is the judge, not our database."""
