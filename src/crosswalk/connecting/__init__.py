"""Connecting a Salesforce org or a source by hand: entered, tried before it is saved, changed, given up."""
