"""Who answers: adapters for language-model APIs and local weights, and the wrappers that make calls resilient.

Knows prompts, replies, failures, limits and the wire. Must not know questions or causal models: a ``Prompt`` carries
text, grammar, stop and limits as plain fields. Import from the modules; ``assemble`` builds a provider by its name.
"""
