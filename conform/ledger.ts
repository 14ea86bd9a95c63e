import type { Check } from './client.ts';
import { tryCommand } from './command.ts';
import type { Place } from './place.ts';

/** What a client of the ledger is given: where it is, the cluster id of a credential, and from where on ids are free. */
export type LedgerInput = { readonly address: string; readonly cluster: string; readonly ids: string };

export async function ledgerInput(place: Place): Promise<LedgerInput> {
  const { ledger } = await place.credential();
  const address = place.doors['ledger.tigerbeetle']?.url.replace('tigerbeetle://', '') ?? '';
  return { address, cluster: ledger.cluster, ids: `${BigInt(Date.now()) * 1000n}` };
}

/** Runs a program that takes address, cluster id and first id, and prints a check per line, as JSON. */
export async function ledgerChecks(program: readonly string[], { address, cluster, ids }: LedgerInput): Promise<Check[]> {
  const { code, out, err } = await tryCommand([...program, address, cluster, ids]);
  const lines = out.split('\n').filter((line) => line.startsWith('{'));
  const checks = lines.map((line) => JSON.parse(line) as Check);
  if (code !== 0) checks.push({ title: 'the program ran to its end', ok: false, detail: `exit ${code}: ${err.slice(-1500)}` });
  return checks;
}
