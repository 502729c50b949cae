"""asyncio streams on plain CPython.

client HOST PORT len|line sum|echo PAYLOAD
"""

import asyncio
import json
import sys
import time

READ_LIMIT = 256 * 1024


class Meter(asyncio.StreamReader):
    """A stream reader that counts bytes and takes the time of the first one."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(limit=READ_LIMIT, loop=loop)
        self.bytes = 0
        self.wall = 0
        self.cpu = 0

    def feed_data(self, data: bytes) -> None:
        if self.bytes == 0:
            self.wall = time.monotonic_ns()
            self.cpu = time.process_time_ns()
        self.bytes += len(data)
        super().feed_data(data)


async def read_length_prefixed(reader: Meter, writer: asyncio.StreamWriter | None) -> tuple[int, int]:
    frames = total = 0
    try:
        while True:
            length = int.from_bytes(await reader.readexactly(4), "big")
            field = (await reader.readexactly(length))[:4]
            frames += 1
            total += int.from_bytes(field, "big")
            if writer:
                writer.write(field)
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
    return frames, total


async def read_lines(reader: Meter, writer: asyncio.StreamWriter | None) -> tuple[int, int]:
    frames = total = 0
    async for line in reader:
        field = line[:4]
        frames += 1
        total += int.from_bytes(field, "big")
        if writer:
            writer.write(field)
    return frames, total


async def main(host: str, port: str, framing: str, mode: str, _payload: str) -> None:
    loop = asyncio.get_running_loop()
    reader = Meter(loop)
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await loop.create_connection(lambda: protocol, host, int(port))
    writer = asyncio.StreamWriter(transport, protocol, reader, loop)
    read = read_lines if framing == "line" else read_length_prefixed
    frames, total = await read(reader, writer if mode == "echo" else None)
    wall, cpu = time.monotonic_ns() - reader.wall, time.process_time_ns() - reader.cpu
    writer.close()
    print(
        json.dumps(
            {"frames": frames, "sum": str(total), "bytes": reader.bytes, "wall_ns": wall, "cpu_ns": cpu}
        )
    )


if __name__ == "__main__":
    if len(sys.argv) != 6:
        sys.exit("usage: client.py HOST PORT len|line sum|echo PAYLOAD")
    asyncio.run(main(*sys.argv[1:]))
