"""The dashboards, as data: rows of widgets. `dashboard.py` makes the resources.

See decision D206.
"""
