"""What a client may ask, one file for each part of the API."""
