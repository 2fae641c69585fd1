"""Audio without devices: G.711, mixing, tones, resampling, WAV files, levels.

Samples are linear 16 bit at 8,000 Hz in one channel, as numpy arrays of int16; "mu-law" and "A-law" are bytes.
"""
