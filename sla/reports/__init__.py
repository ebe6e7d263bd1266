"""The board's month: one structured document, built from the narrow tables, rendered to page, JSON, HTML, PDF and spreadsheet."""
