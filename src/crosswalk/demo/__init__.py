"""Seeds the local org and plays a webinar; the only package that knows both sides."""
