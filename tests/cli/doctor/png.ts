/** Reads pictures as Chromium makes them: 8 bits a channel, not interlaced. */

/** A colour: red, green, blue. */
export type Colour = readonly [number, number, number];

/** A picture. */
export interface Picture {
  width: number;
  height: number;
  at(x: number, y: number): Colour;
}

const HEADER_BYTES = 8;
/** Of a chunk: length and type before its data, checksum behind. */
const [CHUNK_HEAD, CHUNK_TAIL] = [8, 4];

/** The picture in a PNG file. */
export async function picture(file: Uint8Array<ArrayBuffer>): Promise<Picture> {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let [width, height, channels] = [0, 0, 0];
  for (let at = HEADER_BYTES; at < file.length;) {
    const length = view.getUint32(at);
    const type = new TextDecoder().decode(file.subarray(at + 4, at + CHUNK_HEAD));
    const data = at + CHUNK_HEAD;
    if (type === "IHDR") {
      [width, height] = [view.getUint32(data), view.getUint32(data + 4)];
      channels = file[data + 9] === 6 ? 4 : 3;
    }
    if (type === "IDAT") parts.push(file.subarray(data, data + length));
    at = data + length + CHUNK_TAIL;
  }
  const inflated = new Blob(parts).stream().pipeThrough(new DecompressionStream("deflate"));
  const lines = new Uint8Array(await new Response(inflated).arrayBuffer());
  const pixels = unfiltered(lines, { stride: width * channels, height, channels });
  return {
    ...{ width, height },
    at: (x, y) => {
      const at = (Math.round(y) * width + Math.round(x)) * channels;
      return [pixels[at], pixels[at + 1], pixels[at + 2]];
    },
  };
}

function unfiltered(
  lines: Uint8Array,
  { stride, height, channels }: { stride: number; height: number; channels: number },
): Uint8Array {
  const pixels = new Uint8Array(stride * height);
  for (let y = 0; y < height; y++) {
    const filter = lines[y * (stride + 1)];
    for (let i = 0; i < stride; i++) {
      const at = y * stride + i;
      const left = i >= channels ? pixels[at - channels] : 0;
      const up = y > 0 ? pixels[at - stride] : 0;
      const corner = i >= channels && y > 0 ? pixels[at - stride - channels] : 0;
      pixels[at] = lines[y * (stride + 1) + 1 + i] + guess(filter, left, up, corner);
    }
  }
  return pixels;
}

function guess(filter: number, left: number, up: number, corner: number): number {
  if (filter === 0) return 0;
  if (filter === 1) return left;
  if (filter === 2) return up;
  if (filter === 3) return (left + up) >> 1;
  const sum = left + up - corner;
  const [a, b, c] = [Math.abs(sum - left), Math.abs(sum - up), Math.abs(sum - corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}
