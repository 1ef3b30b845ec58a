"""The network: text and region encoders, pointer decoder, tagging head, losses, and pretrained weights."""
