import { fault } from '#kernel/contract/fault.ts';

const powers: Readonly<Record<string, number>> = { '': 0, K: 1, M: 2, G: 3, T: 4 };

/** Reads a size: bytes, or with K, M, G or T (also KiB, MiB, ...) in powers of 1024. */
export function parseSize(text: string): number {
  const [, digits, unit = ''] = /^(\d{1,15})([KMGT]?)(?:iB|B)?$/i.exec(text.trim()) ?? [];
  const bytes = Number(digits) * 1024 ** (powers[unit.toUpperCase()] ?? 0);
  if (!Number.isSafeInteger(bytes)) throw fault('Usage', `${JSON.stringify(text)} is not a size such as 512M or 2G.`);
  return bytes;
}
