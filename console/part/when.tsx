import { exactMoment, relative } from '../format/moment.ts';
import { useNow } from './now.ts';

/** A moment, relative; the exact time is on hover. */
export function When({ at }: { at: number | undefined }) {
  const now = useNow();
  if (at === undefined) return <span className="faint">never</span>;
  return (
    <time className="nowrap" dateTime={new Date(at).toISOString()} title={exactMoment(at)}>
      {relative(at, Math.max(now, Date.now()))}
    </time>
  );
}
