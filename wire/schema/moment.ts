const sixDigits = (micros: bigint): string => {
  const fraction = micros.toString().padStart(6, '0').replace(/0+$/, '');
  return fraction === '' ? '' : `.${fraction}`;
};

/** Microseconds since 1970 as date and time in UTC. RangeError: beyond what dates can be. */
export function instantText(micros: bigint): string {
  const within = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const [second = ''] = new Date(Number((micros - within) / 1_000n)).toISOString().split('.');
  return `${second}${sixDigits(within)}`;
}

/** Microseconds since midnight. */
export function timeText(micros: bigint): string {
  const two = (value: bigint) => value.toString().padStart(2, '0');
  const seconds = micros / 1_000_000n;
  return `${two(seconds / 3_600n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}${sixDigits(micros % 1_000_000n)}`;
}

/** A number of units of 10^-scale. */
export function decimalText(units: bigint, scale: number): string {
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0');
  const at = digits.length - scale;
  return `${units < 0n ? '-' : ''}${digits.slice(0, at)}${scale === 0 ? '' : `.${digits.slice(at)}`}`;
}
