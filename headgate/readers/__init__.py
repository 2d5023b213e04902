"""What the commands that look into a stage share: where it is, its records, its objects, its lines, printing.

Used by read, trace, query, quarantine, replay and status, which do not know each other. Never deploys, never
changes a setting.
"""
