import type { Handlers } from '../../contract/call.ts';
import { type Context, own, type Row } from '../context.ts';
import type { platform } from '../service.ts';

type All = Handlers<typeof platform>;
type Mine = Pick<All, 'ListEvents' | 'GetHealth'>;

const iso = (value: unknown) => (value as Date).toISOString();

/** What recorder stored: events of the caller's tenant; and the platform's health. */
export function recordHandlers(context: Context): Mine {
  return {
    async ListEvents(call) {
      const { before, limit = 100, type = null } = call.input;
      const { rows } = await own(context, call as never).query(
        `select * from platform.event where ($1::bigint is null or sequence < $1) and ($2::text is null or type = $2)
         order by sequence desc limit $3`,
        [before === undefined ? null : BigInt(before), type, limit + 1],
      );
      const items = (rows as Row[]).slice(0, limit).map((row) => ({
        sequence: Number(row.sequence),
        specversion: '1.0',
        id: String(row.id),
        source: String(row.source),
        type: String(row.type),
        time: iso(row.time),
        subject: String(row.subject),
        data: row.data,
      }));
      return { output: { items, ...(rows.length > limit ? { next: items.at(-1)?.sequence } : {}) } };
    },
    async GetHealth() {
      return { output: { ...(await context.health()), region: context.region } };
    },
  };
}
