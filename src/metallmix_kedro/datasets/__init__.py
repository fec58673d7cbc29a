"""Kedro dataset classes that no library has."""
