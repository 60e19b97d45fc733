"""What engines, policies and readers of results share: views, protocols, the result's schema, summaries,
differences."""
