import { titleOf } from '../format/word.ts';
import { Status } from '../part/status.tsx';

const good = new Set(['ok', 'done', 'success', 'allowed', 'succeeded', 'replayed']);
const refused = new Set(['Denied', 'denied', 'Unauthenticated', 'Expired', 'CrossSite', 'Residency']);

export function isGood(outcome: string): boolean {
  return good.has(outcome);
}

/** How a recorded operation ended: done, refused, or failed with its code. */
export function Outcome({ outcome, gap }: { outcome: string; gap?: boolean | undefined }) {
  if (gap) return <Status tone="warn">gap</Status>;
  if (isGood(outcome)) return <Status tone="ok">done</Status>;
  if (refused.has(outcome)) return <Status tone="bad">{titleOf(outcome).toLowerCase()}</Status>;
  return <Status tone="warn">{titleOf(outcome).toLowerCase()}</Status>;
}
