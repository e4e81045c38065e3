"""Reports: what a run did, as a file and as a picture in the terminal."""
