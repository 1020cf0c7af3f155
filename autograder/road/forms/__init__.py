"""The forms in which grades leave: what Canvas, Moodle and a spreadsheet take."""
