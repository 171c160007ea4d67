"""The rules, one file for each family. Every module here is imported when rules are first asked for."""
