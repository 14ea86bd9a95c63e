import { lz4BlockBytes } from '../limits.ts';
import { KafkaViolation } from '../violation.ts';
import { findMatches } from './match.ts';
import { copyWithin } from './snappy.ts';

const magic = 0x184d2204;
/** The head of a frame of independent blocks of 64 KiB without checksums, and the second byte of its own checksum. */
const head = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82]);
/** Says of a block's size that the block lies as it is. */
const storedBit = 0x8000_0000;

/** LZ4 in a frame, as Kafka's Java client writes it. */
export function deflateLz4(plain: Buffer): Buffer {
  const parts: Buffer[] = [head];
  for (let from = 0; from < plain.length; from += lz4BlockBytes) {
    const block = plain.subarray(from, from + lz4BlockBytes);
    const packed = deflateBlock(block);
    const isStored = packed.length >= block.length;
    const size = Buffer.alloc(4);
    size.writeUInt32LE(isStored ? block.length + storedBit : packed.length);
    parts.push(size, isStored ? block : packed);
  }
  return Buffer.concat([...parts, Buffer.alloc(4)]);
}

function deflateBlock(block: Buffer): Buffer {
  const out = Buffer.allocUnsafe(32 + block.length + Math.ceil(block.length / 255));
  let to = 0;
  const rest = (count: number): void => {
    if (count < 15) return;
    let left = count - 15;
    for (; left >= 255; left -= 255) out[to++] = 255;
    out[to++] = left;
  };
  const sequence = (from: number, end: number, nibble: number): void => {
    out[to++] = (Math.min(end - from, 15) << 4) | nibble;
    rest(end - from);
    to += block.copy(out, to, from, end);
  };
  const tail = findMatches(block, (from, at, offset, length) => {
    sequence(from, at, Math.min(length - 4, 15));
    to = out.writeUInt16LE(offset, to);
    rest(length - 4);
  });
  sequence(tail, block.length, 0);
  return out.subarray(0, to);
}

/** LZ4's frame format 1.6.1, in which Kafka's clients send. Checksums inside are not checked: the batch has its own. */
export function inflateLz4(packed: Buffer, limitBytes: number): Buffer {
  if (packed.length < 7 || packed.readUInt32LE(0) !== magic) throw damaged();
  const flags = packed[4] as number;
  if (flags >>> 6 !== 1) throw damaged();
  const [hasBlockSum, hasSize, hasDictionary] = [(flags & 16) !== 0, (flags & 8) !== 0, (flags & 1) !== 0];
  let at = 7 + (hasSize ? 8 : 0) + (hasDictionary ? 4 : 0);
  let out: Buffer = Buffer.allocUnsafe(Math.min(limitBytes, packed.length * 4 + 64));
  let to = 0;
  for (;;) {
    if (at + 4 > packed.length) throw damaged();
    const said = packed.readUInt32LE(at);
    at += 4;
    if (said === 0) return out.subarray(0, to);
    const size = said & 0x7fff_ffff;
    if (at + size > packed.length) throw damaged();
    const block = packed.subarray(at, at + size);
    if (said >= storedBit) {
      out = grown(out, to, to + size, limitBytes);
      block.copy(out, to);
      to += size;
    } else ({ out, to } = inflateBlock(block, out, to, limitBytes));
    at += size + (hasBlockSum ? 4 : 0);
  }
}

/** One block; matches may reach back into the blocks before it. */
function inflateBlock(block: Buffer, room: Buffer, start: number, limitBytes: number): { out: Buffer; to: number } {
  let out = room;
  let to = start;
  let from = 0;
  const length = (nibble: number): number => {
    let value = nibble;
    if (nibble === 15)
      for (let byte = 255; byte === 255; value += byte) {
        if (from >= block.length) throw damaged();
        byte = block[from++] as number;
      }
    return value;
  };
  while (from < block.length) {
    const token = block[from++] as number;
    const literals = length(token >>> 4);
    if (from + literals > block.length) throw damaged();
    out = grown(out, to, to + literals, limitBytes);
    block.copy(out, to, from, from + literals);
    from += literals;
    to += literals;
    // The last sequence of a block has no match.
    if (from === block.length) break;
    if (from + 2 > block.length) throw damaged();
    const offset = block.readUInt16LE(from);
    from += 2;
    const match = length(token & 15) + 4;
    if (offset === 0 || offset > to) throw damaged();
    out = grown(out, to, to + match, limitBytes);
    copyWithin(out, to, offset, match);
    to += match;
  }
  return { out, to };
}

function grown(out: Buffer, used: number, needed: number, limitBytes: number): Buffer {
  if (needed <= out.length) return out;
  if (needed > limitBytes) throw new KafkaViolation(`lz4 of more than ${limitBytes} bytes`);
  const larger = Buffer.allocUnsafe(Math.min(limitBytes, Math.max(needed, out.length * 2)));
  out.copy(larger, 0, 0, used);
  return larger;
}

const damaged = () => new KafkaViolation('damaged lz4');
