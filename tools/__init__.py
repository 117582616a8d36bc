"""Programs that write the generated pages and condensed data of the project."""
