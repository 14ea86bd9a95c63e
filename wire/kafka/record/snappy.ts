import { xerialHeadBytes } from '../limits.ts';
import { KafkaViolation } from '../violation.ts';

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
