"""A league that is attacked: its cities on disk, its processes in this one, and an analyst who asks."""
