"""What a network is trained on: splits and their order, pixels, and arrays kept on disk.

It may import `support`.
"""
