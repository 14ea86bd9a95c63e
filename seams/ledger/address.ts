import { replicasMax } from './limits.ts';
import { LedgerRefused } from './error.ts';

/** Where the replicas of a ledger are, in their order, and its cluster id; with Gamut's own ledger that id is a secret. */
export type Address = { readonly cluster: bigint; readonly replicas: readonly { readonly host: string; readonly port: number }[] };

const usualPort = 3001;

/** Reads `tigerbeetle://CLUSTER@host:port,host:port`; the cluster id is decimal. */
export function parseAddress(url: string): Address {
  // The cluster id may be a secret, so no error repeats the address.
  const [, cluster, hosts = ''] = /^tigerbeetle:\/\/(?:([0-9]{1,39})@)?([^/?#@]+)\/?$/.exec(url) ?? [];
  if (cluster === undefined) throw new LedgerRefused('The ledger address is not of the form tigerbeetle://CLUSTER@host:port,host:port.');
  if (BigInt(cluster) >= 1n << 128n) throw new LedgerRefused('The cluster id of the ledger address has more than 128 bits.');
  const replicas = hosts.split(',').map(replicaOf);
  if (replicas.length > replicasMax) throw new LedgerRefused(`The ledger address names more than ${replicasMax} replicas.`);
  return { cluster: BigInt(cluster), replicas };
}

function replicaOf(text: string): { host: string; port: number } {
  const [, inBrackets, plain, port] = /^(?:\[([0-9a-f:.]+)\]|([A-Za-z0-9._-]+))(?::([0-9]{1,5}))?$/.exec(text) ?? [];
  const host = inBrackets ?? plain;
  const number = port === undefined ? usualPort : Number(port);
  if (host === undefined || number < 1 || number > 65_535) throw new LedgerRefused('The ledger address names a replica that is none.');
  return { host, port: number };
}
