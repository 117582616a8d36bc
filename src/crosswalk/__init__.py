"""Keeps Salesforce true to engagement: webinars, chats and customer events, mapped and written once."""
