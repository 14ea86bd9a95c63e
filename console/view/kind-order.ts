import type { AnyService } from '#kernel/contract/contract.ts';
import { type Kind, kindsOf } from '../api/contract.ts';
import type { ServicePages } from '../service-page.ts';

/** The kinds of a service as its own pages order them. */
export function orderedKinds(contract: AnyService, pages: ServicePages | undefined): readonly Kind[] {
  const order = pages?.order ?? [];
  const rank = ({ plural }: Kind) => (order.includes(plural) ? order.indexOf(plural) : order.length);
  return kindsOf(contract).toSorted((a, b) => rank(a) - rank(b));
}
