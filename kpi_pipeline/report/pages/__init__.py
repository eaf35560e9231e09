"""One builder for each page or section: judged measures in, parts of the report model out."""
