import type { Call, Handlers } from '../../contract/call.ts';
import { fault } from '../../contract/fault.ts';
import { formatId } from '../../tenancy/id.ts';
import { type Context, enveloped, found, nameOrId, own, paged, type Row } from '../context.ts';
import { budgetsMax } from '../limits.ts';
import type { platform } from '../service.ts';
import { metersOf, type Used, usedOf } from '../usage.ts';
import { environmentFor } from './credential.ts';

type Mine = Pick<
  Handlers<typeof platform>,
  'CreateBudget' | 'GetBudget' | 'ListBudgets' | 'UpdateBudget' | 'DeleteBudget' | 'ListBudgetAlerts'
>;

const ascending = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b);

function budgetOf(row: Row, used: Used | undefined, unit: string) {
  const amount = Number(row.amount);
  const spec = {
    title: String(row.title),
    service: String(row.service),
    meter: String(row.meter),
    unit,
    period: row.period as 'hour' | 'day' | 'month',
    amount,
    thresholds: row.thresholds as number[],
    notify: row.notify as string[],
    ...(row.scope === 0n ? {} : { environment: formatId(row.scope as bigint) }),
    ...(row.dimension === null ? {} : { dimension: String(row.dimension), value: String(row.value) }),
  };
  const status = {
    used: String(used?.used ?? 0n),
    percent: Math.round((Number(used?.used ?? 0n) / amount) * 10_000) / 100,
    since: used?.since.getTime() ?? 0,
    until: used?.until.getTime() ?? 0,
  };
  return { ...enveloped(row, formatId(row.id as bigint), spec), status };
}

/** Budgets and where they stand. `keepBudgets` compares them with usage and tells. */
export function budgetHandlers(context: Context): Mine {
  const locate = async (call: Call) =>
    found(
      (await own(context, call).query('select * from platform.budget where id = $1', [nameOrId(call.ref.name).id])).rows,
      `budget ${call.ref.name}`,
    );
  async function shown(call: Call, rows: readonly Row[]) {
    const ids = rows.map((row) => row.id as bigint);
    const [used, meters] = [await usedOf(own(context, call), context, ids), await metersOf(context)];
    return rows.map((row) => budgetOf(row, used.get(row.id as bigint), meters.get(`${row.service}.${row.meter}`)?.unit ?? ''));
  }
  const one = async (call: Call, row: Row) => ({ output: (await shown(call, [row]))[0] as ReturnType<typeof budgetOf> });

  return {
    async CreateBudget(call) {
      const { service, meter, amount, environment, dimension = null, value = null, period = 'month' } = call.input;
      const { title = `${service} ${meter}`, thresholds = [50, 80, 100], notify = ['owner'] } = call.input;
      if (service !== 'ingest' && !(await metersOf(context)).has(`${service}.${meter}`))
        throw fault('BadInput', { path: '/meter', detail: `No running service meters ${service}.${meter}.` });
      if ((dimension === null) !== (value === null))
        throw fault('BadInput', { path: '/value', detail: 'A dimension comes with its value, and a value with its dimension.' });
      const scope = environment === undefined ? 0n : await environmentFor(context, call as Call, { environment });
      const { tenant } = call.caller;
      const id = context.ids.next();
      const made = await own(context, call as Call).query(
        `insert into platform.budget (tenant, id, title, service, meter, scope, dimension, value, period, amount, thresholds, notify)
         select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12 where (select count(*) from platform.budget) < $13`,
        [
          ...[tenant, id, title, service, meter, scope, dimension, value, period, BigInt(amount)],
          ...[ascending(thresholds), notify, budgetsMax],
        ],
      );
      if (made.count === 0) throw fault('QuotaExceeded', `An organization has at most ${budgetsMax} budgets.`);
      return one(
        call as Call,
        found((await own(context, call as Call).query('select * from platform.budget where id = $1', [id])).rows, 'budget'),
      );
    },
    GetBudget: async (call) => one(call as Call, await locate(call as Call)),
    async ListBudgets(call) {
      const { after = '', limit = 100 } = call.input;
      const { rows } = await own(context, call as Call).query('select * from platform.budget where id > $1 order by id limit $2', [
        after === '' ? 0n : nameOrId(after).id,
        limit + 1,
      ]);
      return { output: paged(await shown(call as Call, rows as Row[]), limit) };
    },
    async UpdateBudget(call) {
      const row = await locate(call as Call);
      const { title = row.title, period = row.period, thresholds = row.thresholds, notify = row.notify, amount } = call.input;
      const { rows } = await own(context, call as Call).query(
        `update platform.budget set title = $2, period = $3, thresholds = $4, notify = $5, amount = $6, generation = generation + 1,
         version = version + 1 where id = $1 returning *`,
        [row.id, title, period, ascending(thresholds as number[]), notify, amount === undefined ? row.amount : BigInt(amount)],
      );
      return one(call as Call, found(rows, `budget ${call.ref.name}`));
    },
    async DeleteBudget(call) {
      const row = await locate(call as Call);
      await own(context, call as Call).query('delete from platform.budget where id = $1', [row.id]);
      return { output: {} };
    },
    async ListBudgetAlerts(call) {
      const row = await locate(call as Call);
      const { rows } = await own(context, call as Call).query(
        'select *, used::text as used from platform.budget_alert where budget = $1 order by at desc, percent desc limit $2',
        [row.id, call.input.limit ?? 100],
      );
      const items = (rows as Row[]).map((alert) => ({
        at: (alert.at as Date).getTime(),
        since: (alert.since as Date).getTime(),
        percent: Number(alert.percent),
        used: String(alert.used),
        amount: Number(alert.amount),
        told: alert.told === true,
        mailed: alert.mailed_to === null,
      }));
      return { output: { items } };
    },
  };
}
