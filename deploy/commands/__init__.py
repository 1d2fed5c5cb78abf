"""The verbs of the `stockyard` command, one file each."""
