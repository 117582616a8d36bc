"""The console: one module, one template and one context dataclass for each page; `docs/explanation/console.md` says how to add one."""
