"""Reports: what a run found, with verified quotes, as JSON, Markdown, HTML and PDF."""

from tamsa.agent.reporting.build import build_report
from tamsa.agent.reporting.files import read_report, write_pdf, write_report
from tamsa.agent.reporting.markdown import to_markdown
from tamsa.agent.reporting.page import to_html

__all__ = ["build_report", "read_report", "to_html", "to_markdown", "write_pdf", "write_report"]
