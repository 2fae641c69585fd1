"""What a voice node knows of trunks beside what is stored: which gateways answer, where it is registered, how many
calls each trunk has."""
