import type { Check } from './client.ts';
import { lineChecks } from './line.ts';
import type { Place } from './place.ts';

/** What a client of the ledger is given: where it is, the cluster id of a credential, and from where on ids are free. */
export type LedgerInput = { readonly address: string; readonly cluster: string; readonly ids: string };

export async function ledgerInput(place: Place): Promise<LedgerInput> {
  const { ledger } = await place.credential();
  const address = place.doors['ledger.tigerbeetle']?.url.replace('tigerbeetle://', '') ?? '';
  return { address, cluster: ledger.cluster, ids: `${BigInt(Date.now()) * 1000n}` };
}

/** Runs a program that takes address, cluster id and first id, and prints a check per line, as JSON. */
export const ledgerChecks = (program: readonly string[], { address, cluster, ids }: LedgerInput): Promise<Check[]> =>
  lineChecks([...program, address, cluster, ids]);
