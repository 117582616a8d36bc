"""The formula language: tokens, tree, parser, functions, compiler."""
