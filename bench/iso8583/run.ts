import { fileURLToPath } from 'node:url';
import { command, tryCommand } from '../../conform/command.ts';
import { goBuild } from '../../conform/go.ts';
import { caseLine, cases } from '../../conform/iso8583.ts';
import { buildIso8583 } from '#wire/iso8583/build.ts';
import { parseIso8583 } from '#wire/iso8583/parse.ts';
import { type BenchResult, type BenchRow, bounded, compared, least, median } from '../result.ts';
import { answers } from './answers.ts';
import { switched } from './switching.ts';

const rounds = 5;
const seconds = 1;
const goal = 1.5;
const p99MostMs = 10;
/** Authorizations that are under way in the switch. */
const switchedTogether = 32;
const program = fileURLToPath(new URL('../../conform/moov-iso8583/program', import.meta.url));

/** Authorizations a second that are read, every field of them, and written anew of the fields: ours beside moov-io/iso8583 in Go. */
export async function run(): Promise<BenchResult> {
  const hasGo = (await tryCommand(['sh', '-c', 'command -v go'])).code === 0;
  const peer = hasGo ? await goBuild(program, 'moov-iso8583') : undefined;
  const rows: BenchRow[] = [];
  for (const encoding of ['ascii', 'binary'] as const) {
    const one = cases('before').find(({ spec }) => spec.encoding === encoding)!;
    const { spec } = one;
    const ours = (most: number): number => {
      const began = performance.now();
      let done = 0;
      for (; performance.now() - began < most * 1000; done += 1000)
        for (let round = 0; round < 1000; round += 1) buildIso8583(parseIso8583(one.bytes, spec), spec);
      return (done / (performance.now() - began)) * 1000;
    };
    ours(seconds);
    const [us, them]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round += 1) {
      us.push(ours(seconds));
      if (peer) them.push(Number(await command([peer, 'rate', encoding, String(seconds)], { input: `${caseLine(one)}\n` })));
    }
    rows.push(
      compared(`an authorization read and written, ${encoding}`, 'messages/s', 'more', median(us), peer ? median(them) : 'not run', goal),
    );
  }
  const { rate, p99Ms } = await answers(seconds);
  const through = await switched(seconds, switchedTogether);
  rows.push(
    bounded('an authorization answered, 64 under way, p99', 'ms', p99Ms, p99MostMs),
    least('authorizations answered', 'messages/s', rate, null),
    bounded(`an authorization through the card switch, ${switchedTogether} under way, p99`, 'ms', through.p99Ms, p99MostMs),
    least('authorizations through the card switch', 'messages/s', through.rate, null),
    bounded('CPU of one, of the switch, the network and the issuer', 'us', through.cpuUs, null),
  );
  return { name: 'iso8583', rows };
}
