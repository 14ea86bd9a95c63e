/** What the reader pays for, in one currency. */
export type Prices = {
  readonly currency: string;
  readonly storedGib: number;
  readonly requests: number;
  readonly receivedGib: number;
  readonly sentGib: number;
};

/** What a bucket keeps, and moved in a month. */
export type Use = { readonly storedBytes: number; readonly requests: number; readonly receivedBytes: number; readonly sentBytes: number };

export const noPrices: Prices = { currency: 'EUR', storedGib: 0, requests: 0, receivedGib: 0, sentGib: 0 };

const gib = 1024 ** 3;
const kept = 'gamut-storage-prices';

/** What a month of this use costs; requests are priced by the thousand. */
export function costOf(use: Use, prices: Prices): number {
  return (
    (use.storedBytes / gib) * prices.storedGib +
    (use.requests / 1000) * prices.requests +
    (use.receivedBytes / gib) * prices.receivedGib +
    (use.sentBytes / gib) * prices.sentGib
  );
}

export function readPrices(): Prices {
  try {
    const found = JSON.parse(localStorage.getItem(kept) ?? '{}') as Record<string, unknown>;
    const number = (name: string) => (typeof found[name] === 'number' && found[name] >= 0 ? found[name] : 0);
    const currency = typeof found.currency === 'string' ? found.currency.slice(0, 3) : noPrices.currency;
    return {
      currency,
      storedGib: number('storedGib'),
      requests: number('requests'),
      receivedGib: number('receivedGib'),
      sentGib: number('sentGib'),
    };
  } catch {
    return noPrices;
  }
}

export function writePrices(prices: Prices): void {
  localStorage.setItem(kept, JSON.stringify(prices));
}
