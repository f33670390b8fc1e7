"""What a person sees of a run (layer 3): pictures, curves, animations, and the listeners that make them as it goes."""
