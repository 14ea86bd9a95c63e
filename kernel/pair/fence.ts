import type { Sql } from '#seams/sql/sql.ts';
import { fenceMs } from './limits.ts';

/**
 * Who holds a service: `holder` is the primary of `epoch`; `synced` says whether the other process has everything that was
 * acknowledged, and may take the next epoch.
 */
export type Row = { readonly version: bigint; readonly epoch: bigint; readonly holder: string; readonly synced: boolean };

/** The row both processes go by. A call that fails may have had its effect, then or later. */
export type Fence = {
  read(): Promise<Row | undefined>;
  /** Makes the first row, unless there is one. */
  begin(holder: string): Promise<void>;
  /** Changes the row if it still is `from`; answers the new one, or undefined when it is not. */
  swap(from: Row, to: Omit<Row, 'version'>): Promise<Row | undefined>;
};

const columns = 'version, epoch, holder, synced';
const rowOf = (row: Record<string, unknown> | undefined): Row | undefined =>
  row && {
    version: BigInt(row.version as bigint),
    epoch: BigInt(row.epoch as bigint),
    holder: String(row.holder),
    synced: row.synced === true,
  };

/** The row in PostgreSQL. */
export function sqlFence(sql: Sql): Fence {
  const ask = async (text: string, params: readonly unknown[] = []) => {
    const { rows } = await sql.platform().query(text, params, { signal: AbortSignal.timeout(fenceMs) });
    return rowOf(rows[0] as Record<string, unknown> | undefined);
  };
  return {
    read: () => ask(`select ${columns} from pair`),
    begin: async (holder) => void (await ask('insert into pair (holder) values ($1) on conflict do nothing', [holder])),
    swap: (from, { epoch, holder, synced }) =>
      ask(
        `update pair set version = version + 1, epoch = $1, holder = $2, synced = $3 where version = $4 and epoch = $5 and holder = $6
         returning ${columns}`,
        [epoch, holder, synced, from.version, from.epoch, from.holder],
      ),
  };
}
