"""Did an initiative work: interrupted series, their fits, intervals and power."""
