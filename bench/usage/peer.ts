import postgres from 'postgres';
import type { Database } from './database.ts';

/** Inserts events one row at a time, each durable before it counts, and resolves with how many a second. */
export type Peer = { take(events: number): Promise<number>; end(): Promise<void> };

const connections = 8;
const pipelined = 64;

/** A table with a unique source and id, and connections that each have so many inserts under way, each its own transaction. */
export async function openPeer({ socket, user, password }: Database): Promise<Peer> {
  const options = {
    path: socket,
    user,
    password,
    database: 'postgres',
    max: connections,
    max_pipeline: pipelined,
    onnotice: () => undefined,
  };
  const sql = postgres({ ...options, connection: { synchronous_commit: 'on' } });
  await sql`create table bench_event (
    source text not null, id text not null, meter text not null, at timestamptz not null, value bigint not null, unique (source, id)
  )`;
  let next = 0;
  return {
    async take(events) {
      const end = next + events;
      const started = performance.now();
      const at = new Date();
      const writer = async () => {
        while (next < end) {
          const id = `e${next++}`;
          await sql`insert into bench_event (source, id, meter, at, value)
            values ('bench', ${id}, 'steps', ${at}, 3) on conflict do nothing`;
        }
      };
      await Promise.all(Array.from({ length: connections * pipelined }, writer));
      return events / ((performance.now() - started) / 1000);
    },
    end: () => sql.end(),
  };
}
