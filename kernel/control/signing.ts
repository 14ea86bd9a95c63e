import { formatId } from '../tenancy/id.ts';
import { signedDaysAhead } from '../caller/limits.ts';
import { change, type Context, type Row } from './context.ts';
import { publishBatchMax, signingRefreshMs } from './limits.ts';

const day = (ms: number) => new Date(ms).toISOString().slice(0, 10).replaceAll('-', '');

/** Republishes credentials when a new day needs SigV4 keys; days ahead are held, so a control that was away is not missed. */
export function keepSigningKeys(context: Context): () => void {
  let refreshed = '';
  let running = false;

  async function refresh(): Promise<void> {
    const today = day(context.now());
    if (running || refreshed === today) return;
    running = true;
    try {
      for (let after = 0n; ; ) {
        const { rows } = await context.system
          .platform()
          .query('select tenant, id from platform.credential where id > $1 and revoked_at is null order by id limit $2', [
            after,
            publishBatchMax,
          ]);
        if (rows.length === 0) break;
        await republish(rows as Row[]);
        after = (rows.at(-1) as Row).id as bigint;
      }
      refreshed = today;
    } catch (error) {
      context.log('warn', 'signing keys of a new day were not published; trying again', { error: String(error) });
    } finally {
      running = false;
    }
  }

  /** Those whose last day is not there yet. */
  async function republish(rows: readonly Row[]): Promise<void> {
    const last = day(context.now() + signedDaysAhead * 86_400_000);
    const due = rows.filter(
      (row) =>
        context.snapshot
          .get('credential', formatId(row.id as bigint))
          // A release before this one wrote no verifiers for SASL.
          ?.generations.some((generation) => !generation.sigv4[`sts:${last}`] || !generation.sasl) ?? true,
    );
    if (due.length === 0) return;
    await change(context, 'platform', async (_tx, note) => {
      for (const row of due) await note(row.tenant as bigint, 'credential', [formatId(row.id as bigint)]);
    });
  }

  void refresh();
  const timer = setInterval(() => void refresh(), signingRefreshMs);
  return () => clearInterval(timer);
}
