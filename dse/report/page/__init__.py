"""A study as one HTML file to explore: it opens from disk and asks the network for nothing."""

from dse.report.page.write import PAGE_NAME, write_page

__all__ = ["PAGE_NAME", "write_page"]
