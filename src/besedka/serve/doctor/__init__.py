"""What may be wrong with a server or its data, each finding with its remedy."""
