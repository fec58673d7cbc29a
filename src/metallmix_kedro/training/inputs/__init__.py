"""What a network is trained on: splits, their order, pixels, and arrays kept on disk.

It may import `support`.
"""
