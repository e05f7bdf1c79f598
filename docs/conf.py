"""The documentation site: ``make docs`` builds it into docs/_build/site."""  # noqa: INP001 - Sphinx reads it, nobody imports it

project = "Causal Eval Bench"
copyright = "the authors, Apache-2.0"  # noqa: A001 - Sphinx' name for it
extensions = ["myst_parser"]
exclude_patterns = ["_build"]
root_doc = "index"
html_theme = "furo"
html_title = "Causal Eval Bench"
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"navigation_with_keys": True}
myst_heading_anchors = 4
myst_enable_extensions = ["deflist"]
suppress_warnings = ["toc.not_included"]  # every page is in the search and linked from others
