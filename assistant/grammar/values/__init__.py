"""Values that people say: numbers, percentages, durations, times, dates. `Values` turns words into them."""
