"""The HTTP API: a thin door. Knows requests, responses, status codes and the OpenAPI document.

Calls one function of ``service`` a route and says the result as JSON. It must not know rules, rows or providers.
"""
