"""A patch in which a model's latents pass sliders between encode and decode. Runs on the command line."""

MOST_SLIDERS = 16  # for more latents no screen has room; those go straight
COLUMNS, ROW, FIRST_X, FIRST_Y, STEP = 3, 40, 20, 80, 230  # pixels
INSIDE, WIDTH = 60, 130  # pixels from one latent to the next in the subpatch; of a slider
LIGHT = "#fcfcfc #000000 #767676"


class Page:
    """The objects and cords of a canvas."""

    def __init__(self):
        self._lines, self._cords, self._count = [], [], 0

    def add(self, x, y, *words, kind="obj"):
        """Add an object; returns its number."""
        self._lines.append(f"#X {kind} {x} {y} {' '.join(map(str, words))};")
        self._count += 1
        return self._count - 1

    def add_page(self, x, y, name, page):
        """Add a subpatch; returns its number."""
        self._lines += page.lines(600, 400, f"{name} 0")
        return self.add(x, y, "pd", name, kind="restore")

    def connect(self, source, outlet, target, inlet):
        """Add a cord."""
        self._cords.append(f"#X connect {source} {outlet} {target} {inlet};")

    def lines(self, width, height, end):
        """The lines of the canvas, but for what ends a subpatch."""
        return [f"#N canvas 40 40 {width} {height} {end};", *self._lines, *self._cords]


def latent_patch(name, boxes, labels, sides, declare):
    """The text of a .pd file.

    name: of the model; boxes: what encode's and decode's boxes say; labels: a word for each latent; sides: (method,
    inputs, outputs) of both; declare: what a [declare] says, "" for none.
    """
    page, (encode, decode) = Page(), boxes
    (_, inputs, latents), (_, _, outputs) = sides
    shown = labels[:MOST_SLIDERS]
    low = FIRST_Y + ROW * -(-len(shown) // COLUMNS)
    if declare:
        page.add(20, low + 170, "declare", declare)
    words = f"{name}: turn the sound on and use a microphone and headphones. Each slider adds to one latent."
    page.add(20, 10, words.replace(",", " \\,"), ", f 90", kind="text")
    for index, label in enumerate(shown):
        x, y = FIRST_X + STEP * (index % COLUMNS), FIRST_Y + ROW * (index // COLUMNS)
        word = label.replace(" ", "\\ ").replace(",", "\\,").replace(";", "")
        sent = f"\\$0-latent-{index + 1} empty {word} -2 -8 0 12 {LIGHT} {50 * (WIDTH - 1)} 1"
        page.add(x, y, f"hsl {WIDTH} 18 -3 3 0 1 {sent}")
    microphone = page.add(20, low, "adc~", *range(1, inputs + 1))
    encoder = page.add(20, low + 30, encode)
    moved = page.add_page(20, low + 60, "latents", mover(latents, len(shown)))
    decoder = page.add(20, low + 90, decode)
    speaker = page.add(20, low + 140, "dac~")
    for channel in range(inputs):
        page.connect(microphone, channel, encoder, channel)
    for latent in range(latents):
        page.connect(encoder, latent, moved, latent)
        page.connect(moved, latent, decoder, latent)
    for channel in range(min(outputs, 2)):
        volume = page.add(20 + 80 * channel, low + 115, "*~ 0.3")
        page.connect(decoder, channel, volume, 0)
        for side in (0, 1) if outputs == 1 else (channel,):
            page.connect(volume, 0, speaker, side)
    head, *lines = page.lines(FIRST_X + STEP * COLUMNS, low + 210, "12")
    first = [f"#X declare {declare};"] if declare else []  # what Pd reads before it makes objects
    return "\n".join([head, *first, *lines]) + "\n"


def mover(latents, sliders):
    """The subpatch that adds what sliders say to latents."""
    page = Page()
    for index in range(latents):
        x = 20 + INSIDE * index
        inlet, outlet = page.add(x, 20, "inlet~"), page.add(x, 200, "outlet~")
        if index >= sliders:
            page.connect(inlet, 0, outlet, 0)
            continue
        given = page.add(x, 50, f"r \\$0-latent-{index + 1}")
        ramp, line, added = page.add(x, 80, "pack f 50"), page.add(x, 110, "line~"), page.add(x, 160, "+~")
        for source, target, inlet_of in (
            (given, ramp, 0),
            (ramp, line, 0),
            (inlet, added, 0),
            (line, added, 1),
        ):
            page.connect(source, 0, target, inlet_of)
        page.connect(added, 0, outlet, 0)
    return page
