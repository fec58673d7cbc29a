"""What stands behind the commands that ``cli.py`` names; each is imported when it is called."""
