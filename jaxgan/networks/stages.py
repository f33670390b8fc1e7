"""The sizes that samples go through in a network that halves them again and again."""

SMALLEST = 8  # a side that is halved once more


def halved_sizes(size: tuple[int, ...], least: int = 0) -> list[tuple[int, ...]]:
    """From `size` down: all sides halved, an odd one rounded up, as long as none of them is less than 8; `least` times at least.

    28x28: 28, 14, 7; 32x32: 32, 16, 8, 4; 48x80: 48x80, 24x40, 12x20, 6x10; 30x30: 30, 15, 8, 4.
    """
    sizes = [size]
    while min(sizes[-1]) >= SMALLEST or len(sizes) <= least:
        sizes.append(tuple(-(-side // 2) for side in sizes[-1]))
    return sizes
