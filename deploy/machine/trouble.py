"""What goes wrong on a machine and a person can put right."""


class OperatorError(Exception):
    """Its message says what is wrong and what to do; it is shown alone, without a traceback."""
