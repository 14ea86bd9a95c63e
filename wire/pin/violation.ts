/** A PIN, its block or a key's number is not what the standards say. It never says the PIN. */
export class PinError extends Error {
  override readonly name = 'PinError';
}
