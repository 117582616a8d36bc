"""The parts of one turn; `flow.py` puts them in order."""
