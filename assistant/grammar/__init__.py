"""What sentences are made of: words, templates, and the typed values that people say (numbers, times, dates).

Pure code below the rooms. Understanding matches text with it, recognition can follow the same sentences in sound.
"""
