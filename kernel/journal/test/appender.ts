import { argv, stdout } from 'node:process';
import { openJournal } from '../journal.ts';
import { aesSeal } from '../seal.ts';

/** A process to be killed: appends from eight places at once and prints `sequence text` of each record acknowledged. */
const [dir = '', key = '', round = ''] = argv.slice(2);
const seal = aesSeal(1, () => Buffer.from(key, 'hex'));
const journal = await openJournal({ dir, process: 'echo', seal, limits: { segmentMaxBytes: 20_000 } });

async function append(appender: number): Promise<never> {
  for (let count = 0; ; count++) {
    const text = `${round}-${appender}-${count}`;
    const { sequence } = await journal.append(1, Buffer.from(text));
    stdout.write(`${sequence} ${text}\n`);
  }
}

await Promise.all(Array.from({ length: 8 }, (_, appender) => append(appender)));
