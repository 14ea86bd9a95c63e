import type { Kind, Named } from '../api/contract.ts';

/** Whether an operation ends a thing, so that it asks for its name. */
export function isEnding(kind: Kind, named: Named): boolean {
  const isOfItem = (named.operation.at ?? 'item') === 'item';
  return named === kind.remove || (isOfItem && new RegExp(`^(Delete|Revoke|Remove|Destroy)${kind.name}$`).test(named.name));
}
