"""The worker at the other end of the soak's [pystream~]: python -m soaked.echo PATH."""

import sys

from pdworker.serving.audio_stream import Stream

stream = Stream(sys.argv[1])
while True:
    audio = stream.read(512)
    if audio is not None:
        stream.write(audio)
