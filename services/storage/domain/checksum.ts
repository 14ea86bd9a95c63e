import { type ChecksumAlgorithm, checksumLength, startChecksum } from '#wire/checksum/checksum.ts';
import { combineChecksum, type LinearChecksum } from '#wire/checksum/combine.ts';

export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE';

/** A part's size and its checksum in base64. */
export type PartChecksum = { readonly size: number; readonly checksum: string };

const linear = (algorithm: ChecksumAlgorithm): algorithm is LinearChecksum => algorithm !== 'SHA1' && algorithm !== 'SHA256';

/** The type an upload gets when it names none; undefined when the two do not go together. */
export function checksumTypeOf(algorithm: ChecksumAlgorithm, asked: ChecksumType | undefined): ChecksumType | undefined {
  if (asked === undefined) return algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE';
  if (asked === 'FULL_OBJECT') return linear(algorithm) ? asked : undefined;
  return algorithm === 'CRC64NVME' ? undefined : asked;
}

/** Whether a text is the base64 of a digest of this algorithm. */
export function isChecksum(algorithm: ChecksumAlgorithm, value: string): boolean {
  const bytes = Buffer.from(value, 'base64');
  return bytes.length === checksumLength[algorithm] && bytes.toString('base64') === value;
}

/** The checksum of an object made of parts: of all bytes, or of the parts' checksums with their number behind it. */
export function joinChecksums(algorithm: ChecksumAlgorithm, type: ChecksumType, parts: readonly PartChecksum[]): string {
  if (type === 'COMPOSITE') {
    const running = startChecksum(algorithm);
    for (const part of parts) running.update(Buffer.from(part.checksum, 'base64'));
    return `${running.digest().toString('base64')}-${parts.length}`;
  }
  if (!linear(algorithm)) throw new TypeError(`${algorithm} cannot be combined`);
  const [first, ...rest] = parts;
  let whole = Buffer.from(first?.checksum ?? '', 'base64');
  for (const part of rest)
    whole = combineChecksum(algorithm, whole, Buffer.from(part.checksum, 'base64'), part.size) as Buffer<ArrayBuffer>;
  return whole.toString('base64');
}
