import { relative } from '../format/moment.ts';
import { useNow } from './now.ts';
import { StatusMark } from './status.tsx';
import './live.css';

export type LiveState = { readonly mode: 'live' | 'polled' | 'lost'; readonly heardAt: number | undefined };

const words = { live: 'live', polled: 'refreshed', lost: 'not connected' } as const;

/** Says whether what is shown follows the platform, and when it last heard from it. */
export function Live({ mode, heardAt }: LiveState) {
  // The clock ticks seldom; what was heard since is heard now.
  const now = Math.max(useNow(), heardAt ?? 0);
  if (heardAt === undefined) return null;
  return (
    <span className={`live live-${mode}`}>
      <StatusMark tone={mode === 'lost' ? 'warn' : mode === 'live' ? 'ok' : 'note'} />
      {mode === 'polled' ? `refreshed ${relative(heardAt, now)}` : `${words[mode]} · heard ${relative(heardAt, now)}`}
    </span>
  );
}
