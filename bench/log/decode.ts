import { batchOf } from '#wire/kafka/record/record.ts';
import { readHead } from '#wire/kafka/record/batch.ts';
import { columnsFor, readColumns, recordBytes } from '#wire/kafka/record/column.ts';

const [records, valueBytes, warmUps, batches] = [1000, 100, 2000, 20_000];

/** Records of 100 bytes decoded in a second by one core, all fields to columns. */
export function decoded(): number {
  const now = Date.now();
  const batch = batchOf(
    Array.from({ length: records }, (_, at) => ({ key: null, value: Buffer.alloc(valueBytes, at), timestamp: now + (at >> 4) })),
  );
  const columns = columnsFor(records);
  const decode = () => {
    const head = readHead(batch);
    readColumns(recordBytes(batch, head), head, columns);
  };
  for (let round = 0; round < warmUps; round += 1) decode();
  const { user, system } = process.cpuUsage();
  for (let round = 0; round < batches; round += 1) decode();
  const used = process.cpuUsage();
  return (batches * records) / ((used.user - user + used.system - system) / 1e6);
}
