"""What every test may ask for: real servers, a database and topics of its own."""

pytest_plugins = ("servers", "fault_table", "pipelines")
