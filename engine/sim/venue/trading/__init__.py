"""What an order may do: entry, edits, and the rules that move it later."""
