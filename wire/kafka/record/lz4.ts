import { KafkaViolation } from '../violation.ts';
import { copyWithin } from './snappy.ts';

const magic = 0x184d2204;

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
    if (said >= 0x8000_0000) {
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
