"""Files of events: JSON lines and tables, read line by line, so that a file of any size takes the same memory."""
