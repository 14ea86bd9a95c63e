import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareCluster } from '#seams/sql/embedded/cluster.ts';
import { startPostgres } from '#seams/sql/embedded/postgres.ts';
import { openSql } from '#seams/sql/sql.ts';

const clients = 32;

/** Double entry as a stored procedure: the accounts in the order of their ids, so that no two transfers wait for each other. */
const schema = `
  create table account (id bigint primary key, debits numeric not null default 0, credits numeric not null default 0);
  create table transfer (id bigint primary key, debit bigint not null, credit bigint not null, amount numeric not null,
    at timestamptz not null default clock_timestamp());
  create function transfer(bigint, bigint, bigint, numeric) returns void language plpgsql as $$
  begin
    perform 1 from account where id in ($2, $3) order by id for update;
    update account set debits = debits + $4 where id = $2;
    update account set credits = credits + $4 where id = $3;
    insert into transfer (id, debit, credit, amount) values ($1, $2, $3, $4);
  end $$;`;

/** Transfers a second of a PostgreSQL of the run's own, durable, by 32 connections; `draw` names an account. */
export async function storedProcedure(accounts: number, ms: number, draw: () => number): Promise<number> {
  const data = await mkdtemp(join(tmpdir(), 'gamut-ledger-postgres-'));
  const server = await startPostgres(await prepareCluster(data));
  const sql = openSql(server.url, { max: clients });
  try {
    await sql.platform().script(`${schema} insert into account (id) select generate_series(1, ${accounts}); analyze account;`);
    let id = 0;
    const until = performance.now() + ms;
    const caller = async () => {
      while (performance.now() < until) {
        const debit = draw();
        const credit = (debit + 1 + Math.floor(Math.random() * (accounts - 1))) % accounts;
        await sql.platform().query('select transfer($1, $2, $3, 1)', [(id += 1), debit + 1, credit + 1]);
      }
    };
    const began = performance.now();
    await Promise.all(Array.from({ length: clients }, caller));
    return id / ((performance.now() - began) / 1000);
  } finally {
    await sql.close();
    await server.stop();
    await rm(data, { recursive: true, force: true });
  }
}
