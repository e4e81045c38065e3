"""What one book is: queues, tape, mark, band, statistics."""
