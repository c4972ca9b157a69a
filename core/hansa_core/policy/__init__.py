"""What a city declares about its datasets and allows to be asked of them."""
