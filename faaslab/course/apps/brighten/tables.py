"""The table of the function that brightens photos. `built` counts how often a container has computed it."""

built = 0


def gamma_table():
    """256 values: how bright a pixel of each brightness becomes. It takes some hundredths of a second to compute."""
    global built
    built += 1
    return [round(255 * sum(((i + j / 800) / 256) ** (1 / 2.2) for j in range(800)) / 800) for i in range(256)]
