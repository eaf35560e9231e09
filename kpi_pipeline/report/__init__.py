"""The monthly report: values and signals become one frozen model; the model becomes HTML, SVG and PDF."""
