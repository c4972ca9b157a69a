"""Secondary suppression: which further cells are held so that no unsafe cell follows from what is shown."""
