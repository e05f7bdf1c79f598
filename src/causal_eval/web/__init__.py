"""The pages: a thin door. Knows templates, forms and what a browser needs.

Calls functions of ``service`` and shows the result as HTML that works without script where it can. It must not know
rules, rows or providers, nor the API's routes.
"""
