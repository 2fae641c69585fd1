"""Speech and files as prompts: espeak-ng in a helper process, decoding in a worker process, a cache on disk."""
