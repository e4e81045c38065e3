"""What the venue says unasked: channels and who listens to them."""
