"""Other people's ways to do the same, one file each, and all of them side by side."""
