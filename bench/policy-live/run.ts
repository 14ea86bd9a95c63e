import { setTimeout as sleep } from 'node:timers/promises';
import { json, openSql } from '#seams/sql/sql.ts';
import { parsePolicies } from '#kernel/policy/authority.ts';
import { type House, openHouse } from '#kernel/session/test/fixture/house.ts';
import { parseId } from '#kernel/tenancy/id.ts';
import { type BenchResult, bounded, median } from '../result.ts';
import { databaseOf } from '../usage/database.ts';

const policies = 10_000;
const runs = 8;
const goalMs = 1000;
const door = 'echo.http';

const permit = (principal: string, channel: string) =>
  `permit (principal == Gamut::Principal::"${principal}", action == echo::Action::"Say", resource == echo::Channel::"${channel}");`;

/** Policies of many teams: each of one principal, with a condition. Written past the door, which judges each for itself. */
async function fill(house: House, tenant: bigint): Promise<void> {
  const sql = openSql(databaseOf(house.data).system, { max: 1, applicationName: 'gamut bench' });
  try {
    const text = (number: number) => permit(`service-${number}`, `c${number}`).replace(';', ` when { context.now > ${number} };`);
    const list = Array.from({ length: policies - 1 }, (_, number) => ({
      tenant: tenant.toString(),
      id: (BigInt(number) + 1n).toString(),
      name: `team-${number}`,
      text: text(number),
      est: parsePolicies(text(number))[0]?.est,
    }));
    await sql.platform().query(
      `insert into platform.policy (tenant, id, name, text, est) select tenant, id, name, text, est
       from jsonb_to_recordset($1::jsonb) as r(tenant bigint, id bigint, name text, text text, est jsonb)`,
      [json(list)],
    );
  } finally {
    await sql.close();
  }
}

/** How long a policy change takes until every process decides by it, for a tenant with 10,000 policies. */
export async function run(): Promise<BenchResult> {
  const house = await openHouse({ mode: 'processes', quiet: true });
  try {
    const { body } = await house.call('GET', '/v1/platform/organizations');
    await fill(house, parseId(String(body.items?.[0]?.uid)));
    const reader = await house.credential({ role: 'reader' });
    const say = () => house.call('POST', '/v1/echo/channels/a/say', { text: 'x' }, { door, bearer: reader.bearer });
    const path = '/v1/platform/policies';
    const text = permit(`service-${reader.id}`, 'a');
    const until = async (status: number) => {
      for (let told = await say(); told.status !== status; told = await say()) {
        if (![200, 403].includes(told.status)) throw new Error(`a call was answered ${told.status}`);
        await sleep(2);
      }
    };
    const change = async (method: string, at: string, input: object | undefined, status: number) => {
      const began = performance.now();
      const { status: answered } = await house.call(method, at, input);
      if (answered >= 300) throw new Error(`the change was answered ${answered}`);
      const replied = performance.now() - began;
      await until(status);
      return { replied, live: performance.now() - began };
    };
    await until(403);
    const taken: { replied: number; live: number }[] = [];
    for (let at = 0; at < runs; at += 1) {
      taken.push(await change('POST', path, { name: 'mine', text }, 200));
      taken.push(await change('DELETE', `${path}/mine`, undefined, 403));
    }
    return {
      name: 'policy-live',
      rows: [
        bounded(
          `write sent until a service decides by it, most of ${taken.length}`,
          'ms',
          Math.max(...taken.map(({ live }) => live)),
          goalMs,
        ),
        bounded('the same, median', 'ms', median(taken.map(({ live }) => live)), goalMs),
        bounded('of it until the write was answered, median', 'ms', median(taken.map(({ replied }) => replied)), null),
      ],
    };
  } finally {
    await house.stop();
  }
}
