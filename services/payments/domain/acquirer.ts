/** A bank that takes payments by card to their networks. What it may take is a matter of licence, what it costs of contract. */
export type Acquirer = {
  readonly id: string;
  /** Its number in messages: field 32. */
  readonly code: string;
  /** The schemes that it has a licence of; undefined: every one. */
  readonly brands?: readonly string[];
  /** The currencies that it settles, in lower case; undefined: every one. */
  readonly currencies?: readonly string[];
  /** Where it keeps data of payments. */
  readonly residency: 'us' | 'eu' | 'apac';
  /** What it takes of a payment: hundredths of a percent, and a fixed part in the smallest unit of the currency. */
  readonly basisPoints: number;
  readonly fixed: number;
};

/** The acquirers of the simulated market. The first is the one that payments go by which nothing is said of. */
export const acquirers: readonly Acquirer[] = [
  { id: 'alder', code: '400001', residency: 'us', basisPoints: 22, fixed: 10 },
  { id: 'birch', code: '400002', residency: 'eu', basisPoints: 18, fixed: 8 },
  { id: 'cedar', code: '400003', residency: 'us', basisPoints: 25, fixed: 5, currencies: ['usd', 'cad', 'mxn', 'brl', 'eur', 'gbp'] },
  { id: 'elm', code: '400004', residency: 'eu', basisPoints: 15, fixed: 12, currencies: ['eur', 'gbp', 'chf', 'sek', 'nok', 'dkk', 'usd'] },
  { id: 'larch', code: '400005', residency: 'apac', basisPoints: 20, fixed: 7 },
  { id: 'oak', code: '400006', residency: 'us', basisPoints: 12, fixed: 15, brands: ['visa', 'mastercard'] },
];

const byId = new Map(acquirers.map((each) => [each.id, each]));
export const firstAcquirer = acquirers[0] as Acquirer;
export const acquirerNamed = (id: unknown): Acquirer | undefined => (typeof id === 'string' ? byId.get(id) : undefined);

export type Constrained = { readonly currency: string; readonly brand: string; readonly residency: string | null };

/** Why a payment cannot go by an acquirer, whatever else speaks for it; undefined where it can. */
export function excludedBy({ currencies, brands, residency }: Acquirer, payment: Constrained): string | undefined {
  if (currencies && !currencies.includes(payment.currency)) return 'currency';
  if (brands && !brands.includes(payment.brand)) return 'licence';
  return payment.residency !== null && payment.residency !== residency ? 'residency' : undefined;
}

/** What an acquirer takes of a payment, as a share of it. */
export const costOf = ({ basisPoints, fixed }: Acquirer, amount: number): number => basisPoints / 10_000 + fixed / Math.max(amount, 1);
