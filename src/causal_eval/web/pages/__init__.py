"""One file a page: reads the form or the address, calls the service, hands values to a template."""
