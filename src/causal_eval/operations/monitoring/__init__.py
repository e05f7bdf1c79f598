"""What Prometheus, Alertmanager and Grafana are told: rules, targets, routes, objectives.

Data lies beside the code that fills it in: ``rules.yml`` is written by hand, ``slo.yml`` comes out of ``slo.toml``.
"""
