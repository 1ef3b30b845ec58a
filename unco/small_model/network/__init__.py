"""The network: encoder, pointer decoder, tagging head, losses, and how weights come in."""
