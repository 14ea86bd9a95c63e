import { formatId } from '../tenancy/id.ts';
import type { Context, Row } from './context.ts';
import { alertsPerSweepMax, alertTriesMax, budgetsPerSweepMax, mailedPerAlertMax } from './limits.ts';
import { emailOf } from './person.ts';
import { usedOf } from './usage.ts';

/** Compares budgets with usage and tells what was reached, again and again. */
export function keepBudgets(context: Context, everyMs: number): () => Promise<void> {
  let running: Promise<void> | undefined;
  let last = 0n;
  const sweep = () => {
    running ??= compareAfter(context, last)
      .then((looked) => {
        last = looked;
        return tellDue(context);
      })
      .catch((error) => context.log('warn', 'budgets were not compared with usage; trying again', { error: String(error) }))
      .finally(() => {
        running = undefined;
      });
  };
  const timer = setInterval(sweep, everyMs);
  return async () => {
    clearInterval(timer);
    await running;
  };
}

/**
 * Notes the thresholds that usage reached, each once in a period, of the next budgets in order of id. Answers the last one
 * looked at, and 0 when there is none after it. Nothing is written where nothing was reached.
 */
async function compareAfter(context: Context, last: bigint): Promise<bigint> {
  const db = context.system.platform();
  const { rows } = await db.query('select * from platform.budget where id > $1 order by id limit $2', [last, budgetsPerSweepMax]);
  const budgets = rows as Row[];
  const used = await usedOf(
    db,
    context,
    budgets.map((row) => row.id as bigint),
  );
  const reached = budgets.flatMap((row) => {
    const now = used.get(row.id as bigint);
    if (!now) return [];
    const amount = row.amount as bigint;
    const percents = (row.thresholds as number[]).filter((percent) => now.used * 100n >= amount * BigInt(percent));
    return percents.map((percent) => ({ row, percent, now }));
  });
  if (reached.length > 0)
    await db.query(
      `insert into platform.budget_alert (tenant, budget, generation, since, percent, used, amount)
       select g.* from unnest($1::bigint[], $2::bigint[], $3::int[], $4::timestamptz[], $5::int[], $6::numeric[], $7::bigint[])
         as g(tenant, budget, generation, since, percent, used, amount)
       join platform.budget b on b.tenant = g.tenant and b.id = g.budget
       on conflict do nothing`,
      [
        reached.map(({ row }) => row.tenant),
        reached.map(({ row }) => row.id),
        reached.map(({ row }) => row.generation),
        reached.map(({ now }) => now.since.toISOString()),
        reached.map(({ percent }) => percent),
        reached.map(({ now }) => now.used.toString()),
        reached.map(({ row }) => row.amount),
      ],
    );
  return budgets.length < budgetsPerSweepMax ? 0n : (budgets.at(-1)?.id as bigint);
}

/** Tells of what was noted: by an event, which webhooks carry on, and by mail. What fails is told in a later sweep. */
async function tellDue(context: Context): Promise<void> {
  const { rows } = await context.system.platform().query(
    `select a.*, a.used::text as used, b.title, b.service, b.meter, b.scope, b.period, b.notify
     from platform.budget_alert a join platform.budget b on b.tenant = a.tenant and b.id = a.budget
     where not a.told or a.mailed_to is not null order by a.at, a.percent limit $1`,
    [alertsPerSweepMax],
  );
  for (const row of rows as Row[]) {
    if (row.told !== true) await emit(context, row);
    if (row.mailed_to !== null) await mail(context, row);
  }
}

const keyOf = (row: Row) => [row.tenant, row.budget, row.generation, row.since, row.percent];
const ofAlert = 'where tenant = $1 and budget = $2 and generation = $3 and since = $4 and percent = $5';

/** The event's id is the alert's: where it is made twice around a crash, receivers see one. */
async function emit(context: Context, row: Row): Promise<void> {
  const budget = formatId(row.budget as bigint);
  const since = (row.since as Date).getTime();
  const data = {
    budget,
    title: row.title,
    service: row.service,
    meter: row.meter,
    period: row.period,
    since,
    percent: row.percent,
    used: row.used,
    amount: Number(row.amount),
  };
  await context.emit({
    tenant: formatId(row.tenant as bigint),
    scope: row.scope === 0n ? '' : formatId(row.scope as bigint),
    id: `${budget}.${row.generation}.${since}.${row.percent}`,
    source: 'gamut/platform',
    type: 'platform.BudgetReached',
    time: (row.at as Date).toISOString(),
    subject: `Budget/${budget}`,
    data,
  });
  await context.system.platform().query(`update platform.budget_alert set told = true ${ofAlert}`, keyOf(row));
}

/** Mails the members with the roles named, one after the other; where it stopped, the next sweep goes on. */
async function mail(context: Context, row: Row): Promise<void> {
  const db = context.system.platform();
  const { rows } = await db.query(
    `select id, person from platform.member where tenant = $1 and role = any($2::text[]) and accepted_at is not null and id > $3
     order by id limit $4`,
    [row.tenant, row.notify, row.mailed_to, mailedPerAlertMax],
  );
  try {
    for (const member of rows as Row[]) {
      const to = await emailOf(context, member.person as bigint);
      if (to !== '') await context.mail.send({ to, ...textOf(row, context.consoleUrl()) });
      await db.query(`update platform.budget_alert set mailed_to = $6 ${ofAlert}`, [...keyOf(row), member.id]);
    }
    await db.query(`update platform.budget_alert set mailed_to = null ${ofAlert}`, keyOf(row));
  } catch (error) {
    context.log('warn', 'a mail about a budget was not sent; trying again', {
      budget: formatId(row.budget as bigint),
      error: String(error),
    });
    await db.query(
      `update platform.budget_alert set tries = tries + 1, mailed_to = case when tries + 1 >= $6 then null else mailed_to end ${ofAlert}`,
      [...keyOf(row), alertTriesMax],
    );
  }
}

/** A title is the tenant's own text, so no line of the subject comes from it. */
function textOf(row: Row, consoleUrl: string): { subject: string; text: string } {
  const since = (row.since as Date).toISOString().slice(0, 16).replace('T', ' ');
  return {
    subject: `Budget at ${row.percent} %: ${row.service}.${row.meter}`,
    text: [
      `The budget "${row.title}" reached ${row.percent} % in the ${row.period} that began at ${since} UTC.`,
      `Used: ${row.used} of ${row.amount} (${row.service}.${row.meter}).`,
      '',
      `See usage and budgets: ${consoleUrl}`,
    ].join('\n'),
  };
}
