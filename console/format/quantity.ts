const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** `1,234,567`, exact. */
export function exactCount(value: number | bigint): string {
  return whole.format(value);
}

/** `1.2 M`: three figures at most. */
export function shortCount(value: number): string {
  return scaled(value, 1000, ['', ' k', ' M', ' G', ' T', ' P']);
}

/** `3.4 MiB`: powers of 1024, named so. */
export function bytes(value: number): string {
  return scaled(value, 1024, [' B', ' KiB', ' MiB', ' GiB', ' TiB', ' PiB']);
}

function scaled(value: number, base: number, units: readonly string[]): string {
  if (!Number.isFinite(value)) return '–';
  let size = Math.abs(value);
  let step = 0;
  while (size >= base && step < units.length - 1) {
    size /= base;
    step++;
  }
  // 1023.7 would read as 1024 KiB; it is one of the next unit.
  if (Number(size.toPrecision(3)) >= base && step < units.length - 1) {
    size /= base;
    step++;
  }
  const text = step === 0 ? whole.format(size) : trimmed(size);
  return `${value < 0 ? '−' : ''}${text}${units[step] ?? ''}`;
}

function trimmed(size: number): string {
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : 2;
  return size.toFixed(digits).replace(/\.?0+$/, (zeros) => (zeros.startsWith('.') ? '' : zeros));
}

/** A value of a meter in its unit: bytes in powers of 1024, everything else counted. */
export function inUnit(value: number, unit: string): string {
  if (unit === 'byte') return bytes(value);
  if (!isCounted(unit)) return measured(value, unit);
  return `${shortCount(value)} ${plural(value, unit)}`;
}

/** The same to the last digit, for the hover. */
export function exactInUnit(value: number | bigint, unit: string): string {
  if (!isCounted(unit)) return measured(Number(value), unit);
  return `${exactCount(value)} ${plural(Number(value), unit)}`;
}

/** Whether a unit counts whole things: times, shares and rates have fractions, and bytes are told apart. */
export function isCounted(unit: string): boolean {
  return /^[a-z]{3,}$/.test(unit);
}

/** Three figures of what is measured. */
function measured(value: number, unit: string): string {
  const text = Math.abs(value) >= 1000 ? shortCount(value) : String(Number(value.toPrecision(3)));
  return unit === '' ? text : `${text} ${unit}`;
}

export function plural(count: number, noun: string): string {
  if (count === 1) return noun;
  if (/[^aeiou]y$/.test(noun)) return `${noun.slice(0, -1)}ies`;
  return /(s|x|ch|sh)$/.test(noun) ? `${noun}es` : `${noun}s`;
}

/** `12.5 MiB/s`. */
export function bytesPerSecond(perSecond: number): string {
  return `${bytes(perSecond)}/s`;
}
