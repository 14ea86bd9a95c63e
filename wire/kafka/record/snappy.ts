import { snappyBlockBytes, xerialHeadBytes } from '../limits.ts';
import { KafkaViolation } from '../violation.ts';
import { findMatches } from './match.ts';

const xerial = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);

/** Snappy as Kafka's clients write it: blocks in xerial's framing (Java), or one bare block (C). */
export function inflateSnappy(packed: Buffer, limitBytes: number): Buffer {
  if (!packed.subarray(0, 8).equals(xerial)) return inflateBlock(packed, limitBytes);
  const parts: Buffer[] = [];
  let total = 0;
  for (let at = xerialHeadBytes; at < packed.length; ) {
    const size = at + 4 <= packed.length ? packed.readUInt32BE(at) : Number.POSITIVE_INFINITY;
    if (at + 4 + size > packed.length) throw new KafkaViolation('a snappy block is longer than its batch');
    const part = inflateBlock(packed.subarray(at + 4, at + 4 + size), limitBytes - total);
    total += part.length;
    parts.push(part);
    at += 4 + size;
  }
  return Buffer.concat(parts);
}

/** Snappy in xerial's framing, which every client reads. */
export function deflateSnappy(plain: Buffer): Buffer {
  const head = Buffer.alloc(xerialHeadBytes);
  xerial.copy(head);
  head.writeUInt32BE(1, 8);
  head.writeUInt32BE(1, 12);
  const parts: Buffer[] = [head];
  for (let from = 0; from < plain.length; from += snappyBlockBytes) {
    const block = deflateBlock(plain.subarray(from, from + snappyBlockBytes));
    const size = Buffer.alloc(4);
    size.writeUInt32BE(block.length);
    parts.push(size, block);
  }
  return Buffer.concat(parts);
}

/** One block of less than 64 KiB: its size, then literals and copies of at most 64 bytes. */
function deflateBlock(block: Buffer): Buffer {
  const out = Buffer.allocUnsafe(32 + block.length + Math.ceil(block.length / 6));
  let to = 0;
  for (let size = block.length; ; size >>>= 7) {
    out[to++] = size < 128 ? size : (size & 127) | 128;
    if (size < 128) break;
  }
  const literals = (from: number, end: number): void => {
    const last = end - from - 1;
    if (last < 0) return;
    if (last < 60) out[to++] = last << 2;
    else {
      out[to++] = 61 << 2;
      to = out.writeUInt16LE(last, to);
    }
    to += block.copy(out, to, from, end);
  };
  const tail = findMatches(block, (from, at, offset, length) => {
    literals(from, at);
    for (let left = length; left > 0; left -= 64) {
      out[to++] = ((Math.min(left, 64) - 1) << 2) | 2;
      to = out.writeUInt16LE(offset, to);
    }
  });
  literals(tail, block.length);
  return out.subarray(0, to);
}

/** One block: google/snappy's format description, sections 1 and 2. */
function inflateBlock(block: Buffer, limitBytes: number): Buffer {
  const [size, start] = preamble(block);
  // Snappy packs at most 64 bytes into three: a size beyond that is a lie, found before memory is taken.
  if (size > limitBytes || size > block.length * 64) throw new KafkaViolation(`a snappy block of ${size} bytes`);
  const out = Buffer.allocUnsafe(size);
  let from = start;
  let to = 0;
  while (from < block.length) {
    const tag = block[from++] as number;
    const kind = tag & 3;
    let length: number;
    if (kind === 0) {
      length = tag >>> 2;
      if (length >= 60) {
        const bytes = length - 59;
        if (from + bytes > block.length) throw damaged();
        length = block.readUIntLE(from, bytes);
        from += bytes;
      }
      length += 1;
      if (from + length > block.length || to + length > size) throw damaged();
      block.copy(out, to, from, from + length);
      from += length;
    } else {
      const width = kind === 1 ? 1 : kind === 2 ? 2 : 4;
      if (from + width > block.length) throw damaged();
      const offset = block.readUIntLE(from, width) + (kind === 1 ? (tag & 0xe0) << 3 : 0);
      from += width;
      length = kind === 1 ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1;
      if (offset === 0 || offset > to || to + length > size) throw damaged();
      copyWithin(out, to, offset, length);
    }
    to += length;
  }
  if (to !== size) throw damaged();
  return out;
}

/** Copies from what was written before; the ranges may overlap, which repeats a pattern. */
export function copyWithin(out: Buffer, to: number, offset: number, length: number): void {
  if (offset >= length) out.copyWithin(to, to - offset, to - offset + length);
  else for (let at = to; at < to + length; at++) out[at] = out[at - offset] as number;
}

function preamble(block: Buffer): [number, number] {
  let size = 0;
  for (let at = 0; at < 5 && at < block.length; at++) {
    const byte = block[at] as number;
    size += (byte & 127) * 2 ** (7 * at);
    if (byte < 128) return [size, at + 1];
  }
  throw damaged();
}

const damaged = () => new KafkaViolation('damaged snappy');
